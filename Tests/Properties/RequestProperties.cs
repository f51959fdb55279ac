using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Sandbox.Cluster.Api.Creation;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>Requests of any shape: each is taken or gets faults of fields that there are, in words that are ours.</summary>
public sealed partial class RequestProperties
{
    private static readonly string[] OfExecute = ["code", "context_id", "language", "env_vars", "timeout_ms"];
    private static readonly string[] OfCreation = ["language", "cwd", "env_vars", "idle_timeout_ms", "metadata"];

    [Fact]
    public void ExecuteRequests_AreTakenOrGetTheirFaults() => Property.Holds(
        Property.From(Bodies(OfExecute)),
        body =>
        {
            var read = ExecuteRequestReader.Read(body, new ExecuteLimits());
            AssertOutcome(read.Request is not null, read.Faults, OfExecute);
            Assert.True(read.Request?.Environment?.Keys.All(name => Name().IsMatch(name)) ?? true);
        },
        tries: 3000);

    [Fact]
    public void CreationRequests_AreTakenOrGetTheirFaults() => Property.Holds(
        Property.From(Bodies(OfCreation)),
        body =>
        {
            var read = CreateContextRequestReader.Read(body, new CreationLimits());
            AssertOutcome(read.Command is not null, read.Faults, OfCreation);
            if (read.Command is not { } command)
                return;
            Assert.True(command.Directory.Length == 0 || command.Directory.Split('/').All(name => name is not ("" or "." or "..")), command.Directory);
            Assert.True(command.IdleTimeout is not { } idle || idle >= TimeSpan.FromMinutes(2));
        },
        tries: 3000);

    /// <summary>The generators would prove nothing if they made only what is refused, or only what is taken.</summary>
    [Fact]
    public void BothKindsOfRequests_AreAmongThoseThatAreTried()
    {
        var (taken, refused) = (0, 0);
        Property.Holds(
            Property.From(Bodies(OfCreation)),
            body => _ = CreateContextRequestReader.Read(body, new CreationLimits()).Command is null ? refused++ : taken++,
            tries: 3000);
        Assert.InRange(taken, 20, 2980);
        Assert.InRange(refused, 20, 2980);
    }

    /// <summary>Objects with the members of the request more often than not; also other JSON, and bytes that are none.</summary>
    private static Gen<ReadOnlyMemory<byte>> Bodies(string[] members)
    {
        var value = Inputs.Json("A", "B_1", "é");
        var member = from name in Gen.Elements(members) from json in value select $"\"{name}\":{json}";
        var request = Gen.Choose(0, members.Length).SelectMany(count => member.ArrayOf(count)).Select(all => $"{{{string.Join(',', all)}}}");
        var text = Gen.OneOf(request, request, request, Inputs.Json(members));
        return Gen.OneOf(
            text.Select(Encoding.UTF8.GetBytes),
            text.Select(Encoding.UTF8.GetBytes),
            text.SelectMany(json => Gen.Choose(0, json.Length).Select(length => Encoding.UTF8.GetBytes(json[..length]))),
            Inputs.Bytes).Select(bytes => new ReadOnlyMemory<byte>(bytes));
    }

    private static void AssertOutcome(bool isTaken, IReadOnlyList<FieldError> faults, string[] fields)
    {
        Assert.Equal(isTaken, faults.Count == 0);
        foreach (var fault in faults)
        {
            Assert.Contains(fault.Field, fields.Append("body"));
            Assert.DoesNotMatch(Internals(), fault.Error);
        }
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex Name();

    /// <summary>Words of exceptions, types and stacks.</summary>
    [GeneratedRegex(@"Exception|System\.|Json[A-Z]|Sandbox\.|   at |`\d|\bLineNumber\b|\bnull reference\b")]
    private static partial Regex Internals();
}
