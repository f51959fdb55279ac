using System.Reflection;
using System.Security.Claims;
using Sandbox.Cluster.Grains.Interfaces.Contexts;

namespace Sandbox.Cluster.Api.Access;

/// <summary>
/// Whose call it is: said by the credential, never by anything else of a request. An endpoint takes it as a parameter.
/// </summary>
/// <param name="Name"><c>^[a-z0-9][a-z0-9-]{0,62}$</c>.</param>
internal sealed record Tenant(string Name) : IBindableFromHttpContext<Tenant>
{
    /// <summary>The claim that a checked credential leaves.</summary>
    public const string Claim = "sandbox-tenant";

    /// <summary>The tenant of everybody where no credentials are configured.</summary>
    public static Tenant Default { get; } = new(ContextKey.DefaultTenant);

    /// <summary>A context of this tenant.</summary>
    public ContextKey Context(string contextId) => new(Name, contextId);

    /// <summary>The identity that a checked credential stands for.</summary>
    public ClaimsPrincipal ToPrincipal() => new(new ClaimsIdentity([new Claim(Claim, Name)], CredentialHandler.Scheme));

    /// <summary>The caller's; null where the endpoint asks for no credential.</summary>
    public static Tenant? Of(HttpContext http) => http.User.FindFirstValue(Claim) is { } name ? new Tenant(name) : null;

    /// <inheritdoc/>
    public static ValueTask<Tenant?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult(Of(context));
}
