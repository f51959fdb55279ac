using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Cluster.Api.OpenApi;

// What is read and written by hand, as types that the document is made of.

/// <summary>A directory of a context.</summary>
internal sealed record DirectoryBody([property: Description("Its entries, in no order.")] IReadOnlyList<EntryBody> Items);

/// <summary>An entry of a directory.</summary>
internal sealed record EntryBody(
    [property: Description("Its name; what is not UTF-8 in it shows as U+FFFD.")] string Name,
    [property: Description("Where it is, relative to /home/user.")] string Path,
    [property: Description("file, directory, symlink or other.")] string Type,
    [property: Description("Bytes of a file; 0 for anything else.")] long Size,
    [property: Description("When it was changed last.")] DateTimeOffset ModifiedAt);

/// <summary>A place in code.</summary>
internal sealed record InquiryBody(
    [property: Description("Source code, at most 1 MiB of UTF-8.")] string Code,
    [property: Description("In Unicode code points; by default the end of the code.")] int? Cursor);

/// <summary>Completions, as Jupyter's protocol has them.</summary>
internal sealed record CompletionsBody(
    [property: Description("What could stand there.")] IReadOnlyList<string> Matches,
    [property: Description("Where what a match replaces begins, in code points.")] int CursorStart,
    [property: Description("Where it ends.")] int CursorEnd);

/// <summary>Documentation, as Jupyter's protocol has it.</summary>
internal sealed record InspectionBody(
    [property: Description("Whether there is anything of that name.")] bool Found,
    [property: Description("Its documentation by MIME type.")] IReadOnlyDictionary<string, string> Data);

/// <summary>What the endpoints of files say of themselves.</summary>
internal static class FilesDocument
{
    private const string Path = "The path is relative to /home/user. Symbolic links are never followed.";

    public static void DocumentReading(this RouteHandlerBuilder endpoint) => endpoint
        .WithName("get_file").WithSummary("The bytes of a file, or what a directory holds").WithTags("files")
        .WithDescription($"One range of bytes may be asked for. {Path}")
        .Produces<DirectoryBody>(StatusCodes.Status200OK, "application/json", "application/octet-stream")
        .Produces(StatusCodes.Status206PartialContent)
        .TellsOfState(StatusCodes.Status200OK, StatusCodes.Status206PartialContent)
        .Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict, StatusCodes.Status416RangeNotSatisfiable)
        .WithAnswerExample(
            StatusCodes.Status200OK, "a directory",
            """{"items":[{"name":"report.csv","path":"data/report.csv","type":"file","size":1024,"modified_at":"2026-01-31T09:30:00Z"}]}""");

    public static void DocumentWriting(this RouteHandlerBuilder endpoint) => endpoint
        .WithName("put_file").WithSummary("Puts a file in its place").WithTags("files")
        .WithDescription($"All of it or nothing; missing directories are made. {Path}")
        .Produces(StatusCodes.Status201Created).Produces(StatusCodes.Status204NoContent)
        .TellsOfState(StatusCodes.Status201Created, StatusCodes.Status204NoContent)
        .Refuses(
            StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status408RequestTimeout, StatusCodes.Status409Conflict,
            StatusCodes.Status413PayloadTooLarge)
        .WithAnswerExample(StatusCodes.Status404NotFound, "no such context", NotFound);

    public static void DocumentRemoving(this RouteHandlerBuilder endpoint) => endpoint
        .WithName("delete_file").WithSummary("Removes a file, or a directory with all that is in it").WithTags("files").WithDescription(Path)
        .Produces(StatusCodes.Status204NoContent).TellsOfState(StatusCodes.Status204NoContent)
        .Refuses(StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
        .WithAnswerExample(StatusCodes.Status404NotFound, "no such context", NotFound);

    /// <summary>Of a question to a session.</summary>
    public static void DocumentInquiry<T>(
        this RouteHandlerBuilder endpoint, string name, string summary, [StringSyntax(StringSyntaxAttribute.Json)] string answer) => endpoint
        .WithName(name).WithSummary(summary).WithTags("contexts")
        .WithDescription("From the live session; waits at most 2 s for code that runs. Changes nothing.")
        .Accepts<InquiryBody>("application/json").Produces<T>().TellsOfState(StatusCodes.Status200OK)
        .Refuses(
            StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status408RequestTimeout, StatusCodes.Status409Conflict,
            StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType)
        .WithRequestExample("a name that is being typed", """{"code":"pri","cursor":3}""")
        .WithAnswerExample(StatusCodes.Status200OK, "what is there", answer);

    private const string NotFound = """{"message":"There is no such context."}""";
}
