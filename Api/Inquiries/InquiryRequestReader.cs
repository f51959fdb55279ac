using System.Globalization;
using Sandbox.Cluster.Api.Execute;
using Sandbox.Cluster.Api.Json;
using Sandbox.Cluster.Api.Refusals;

namespace Sandbox.Cluster.Api.Inquiries;

/// <summary>Code, and a place in it.</summary>
/// <param name="Code">At most 1 MiB of UTF-8.</param>
/// <param name="Cursor">In Unicode code points, from 0 to as many as there are.</param>
internal sealed record InquiryRequest(string Code, int Cursor);

/// <summary>Reads the body <c>{code, cursor}</c> and finds every fault at once.</summary>
internal static class InquiryRequestReader
{
    private static readonly HashSet<string> Known = ["code", "cursor"];

    /// <summary>The outcome: a request, or the faults, or code that is too large.</summary>
    public readonly record struct Outcome(InquiryRequest? Request, IReadOnlyList<FieldError> Faults, bool CodeTooLarge);

    public static Outcome Read(ReadOnlyMemory<byte> body)
    {
        var faults = new List<FieldError>();
        var codeTooLarge = false;
        var request = JsonObject.Read(body, Known, faults, members =>
        {
            var code = JsonObject.ReadRequiredString("code", members, faults);
            codeTooLarge = ExecuteRequestReader.IsTooLarge(code);
            // Code that is no text has no length; the fault is told already.
            var length = code is null ? int.MaxValue : CodePoints(code);
            if (!members.TryGetValue("cursor", out var value))
                return new InquiryRequest(code ?? "", length);
            if (JsonObject.TryReadInteger(value, 0, length, out var cursor))
                return new InquiryRequest(code ?? "", (int)cursor);
            faults.Add(new FieldError("cursor", code is null
                ? "must be a place in the code, counted in code points"
                : string.Create(CultureInfo.InvariantCulture, $"must be an integer from 0 to {length}, the code points of the code")));
            return null;
        });
        return new Outcome(faults.Count == 0 && !codeTooLarge ? request : null, faults, codeTooLarge);
    }

    private static int CodePoints(string code)
    {
        var count = code.Length;
        foreach (var unit in code)
        {
            if (char.IsLowSurrogate(unit))
                count--;
        }
        return count;
    }
}
