using System.Text;
using FsCheck.Fluent;
using Sandbox.Cluster.Api.Files;

namespace Sandbox.Cluster.Tests.Properties;

/// <summary>The paths of files: whatever is asked for, the launcher gets a path below the home or nothing.</summary>
public sealed class FilePathProperties
{
    [Fact]
    public void AnyTarget_IsAPathBelowTheHomeOrAFault() => Property.Holds(
        Property.From(
            from prefix in Gen.Elements("/contexts/c/files/", "/contexts/c/files", "http://h/contexts/c/files/", "")
            from rest in Gen.OneOf(Inputs.Text, Gen.Elements("a", "/", "//", "%2e", "%2E%2e", "..", ".", "%2f", "%00", "%ff", "%", "%zz", "?", "#", "é").ArrayOf().Select(string.Concat))
            select prefix + rest),
        target =>
        {
            if (FilePath.Read(target, namesFile: false, out var path) is not null)
                return;
            Assert.InRange(path.Length, 0, 4095);
            Assert.DoesNotContain((byte)0, path);
            // One character a byte, so that nothing is lost on the way.
            var names = Encoding.Latin1.GetString(path);
            Assert.True(names.Length == 0 || names.Split('/').All(name => name is not ("" or "." or "..") && name.Length <= 255), names);
        },
        tries: 2000);

    [Fact]
    public void AnyName_ThatIsEncodedByteForByte_ComesThrough() => Property.Holds(
        Property.From(Inputs.Bytes.Select(bytes => bytes.Where(one => one is not (0 or (byte)'/')).Take(255).ToArray()).Where(IsName)),
        name =>
        {
            var encoded = string.Concat(name.Select(one => $"%{one:x2}"));
            Assert.Null(FilePath.Read($"/contexts/c/files/dir/{encoded}", namesFile: true, out var path));
            Assert.Equal([.. "dir/"u8, .. name], path);
        });

    private static bool IsName(byte[] name) => name.Length > 0 && !name.AsSpan().SequenceEqual("."u8) && !name.AsSpan().SequenceEqual(".."u8);
}
