namespace Sandbox.Cluster.Api.Execute;

/// <summary>What a client prefers (RFC 7240).</summary>
internal static class Preference
{
    private const string RespondAsync = "respond-async";

    /// <summary>Whether it would rather not wait for the end.</summary>
    public static bool IsNotToWait(HttpRequest http) => http.Headers["Prefer"]
        .SelectMany(line => line?.Split(',') ?? [])
        .Any(preference => preference.Split(';')[0].Trim().Equals(RespondAsync, StringComparison.OrdinalIgnoreCase));

    /// <summary>Says that it does not have to.</summary>
    public static IResult Applied(HttpResponse response, IResult answer)
    {
        response.Headers["Preference-Applied"] = RespondAsync;
        return answer;
    }
}
