using System.Net;
using System.Text.RegularExpressions;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>What holds in both languages.</summary>
[Collection(ApiCollection.Name)]
public partial class ExecuteTests(ApiFixture api)
{
    public static TheoryData<string> Languages => ["python", "typescript"];

    [Theory, MemberData(nameof(Languages))]
    public async Task Execute_AnswersInTheShapeOfTheContract(string language)
    {
        var answer = await api.Client.ExecuteAsync("1 + 1", language);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["context_id", "items", "logs", "execution_count"], answer.Body.EnumerateObject().Select(member => member.Name));
        Assert.Equal("""[{"is_primary":true,"text":"2"}]""", answer.Body.GetProperty("items").GetRawText());
        Assert.Equal("""{"stdout":[],"stderr":[]}""", answer.Body.GetProperty("logs").GetRawText());
        Assert.Equal(1, answer.Count);
    }

    [Theory]
    [InlineData("python", "python")]
    [InlineData("py", "python")]
    [InlineData("PYTHON3", "python")]
    [InlineData("typescript", "typescript")]
    [InlineData("ts", "typescript")]
    [InlineData("JavaScript", "typescript")]
    [InlineData("js", "typescript")]
    [InlineData("Bun", "typescript")]
    [InlineData("node", "typescript")]
    [InlineData(null, "python")]
    public async Task Execute_KnowsALanguageByAllItsNames(string? name, string language)
    {
        var code = language == "python" ? "str(None)" : "String(typeof Bun)";
        Assert.Equal(language == "python" ? "'None'" : "'object'", (await api.Client.ExecuteAsync(code, name)).Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Execute_WithoutAContextId_MakesOneThatNobodyGuesses(string language)
    {
        var first = await api.Client.ExecuteAsync("1", language);
        var second = await api.Client.ExecuteAsync("1", language);
        Assert.Matches(GeneratedId(), first.ContextId);
        Assert.Matches(GeneratedId(), second.ContextId);
        Assert.NotEqual(first.ContextId, second.ContextId);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("A.b_c-9")]
    [InlineData("a..")]
    public async Task Execute_WithAnUnknownContextId_CreatesThatContext(string id)
    {
        var answer = await api.Client.ExecuteAsync("1", contextId: id);
        Assert.Equal(id, answer.ContextId);
        Assert.Equal("new", answer.State);
    }

    [Fact]
    public async Task Execute_TakesAnIdOf128Characters()
    {
        var id = "x" + new string('.', 127);
        Assert.Equal(id, (await api.Client.ExecuteAsync("1", contextId: id)).ContextId);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.Client.ExecuteAsync("1", contextId: id + ".")).Status);
    }

    [Theory]
    [InlineData("python", "x = 20", "x += 1", "x * 2", "42")]
    [InlineData("typescript", "let x: number = 20", "x += 1", "x * 2", "42")]
    public async Task Execute_KeepsStateFromCallToCall(string language, string first, string second, string third, string value)
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync(first, language, id);
        await api.Client.ExecuteAsync(second, contextId: id);
        var answer = await api.Client.ExecuteAsync(third, contextId: id);
        Assert.Equal(value, answer.Text);
        Assert.Equal(3, answer.Count);
    }

    [Theory]
    [InlineData("python", "x = 1", "'x' in globals()", "False")]
    [InlineData("typescript", "var x = 1", "'x' in globalThis", "false")]
    public async Task Execute_KeepsContextsApart(string language, string define, string ask, string no)
    {
        await api.Client.ExecuteAsync(define, language, ApiFixture.NewContextId());
        Assert.Equal(no, (await api.Client.ExecuteAsync(ask, language, ApiFixture.NewContextId())).Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Execute_CountsExecutions(string language)
    {
        var id = ApiFixture.NewContextId();
        for (var count = 1; count <= 3; count++)
        {
            // Also what raises, and what does nothing, is an execution.
            var answer = await api.Client.ExecuteAsync(count == 2 ? "" : "undefined_name", language, id);
            Assert.Equal(count, answer.Count);
        }
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Execute_SaysWhatBecameOfTheState(string language)
    {
        var id = ApiFixture.NewContextId();
        var first = await api.Client.ExecuteAsync("1", language, id);
        var second = await api.Client.ExecuteAsync("1", language, id);
        Assert.Equal(("new", "1"), (first.State, first.Incarnation));
        Assert.Equal(("kept", "1"), (second.State, second.Incarnation));
        Assert.NotEqual(first.Header("Execution-Id"), second.Header("Execution-Id"));
        Assert.Matches("^[A-Za-z0-9_-]{1,64}$", first.Header("Execution-Id"));
    }

    [Theory]
    [InlineData("python", "")]
    [InlineData("python", "   \n\t\n")]
    [InlineData("python", "# nothing")]
    [InlineData("typescript", "")]
    [InlineData("typescript", " \n ")]
    [InlineData("typescript", "// nothing")]
    public async Task Execute_OfNothing_DoesNothing(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Empty(answer.Items);
        Assert.Null(answer.ErrorName);
    }

    [Fact]
    public async Task Execute_IgnoresMembersItDoesNotKnow()
    {
        var answer = await api.Client.PostJsonAsync(
            """{"code":"1","Code":5,"stream":true,"nested":{"a":[1,{"b":null}]},"\ud800":1}""");
        Assert.Equal("1", answer.Text);
    }

    [Theory]
    [InlineData("30000")]
    [InlineData("30000.0")]
    [InlineData("3e4")]
    public async Task Execute_TakesAnIntegerHoweverItIsWritten(string number) =>
        Assert.Equal("1", (await api.Client.PostJsonAsync($$"""{"code":"1","timeout_ms":{{number}} }""")).Text);

    [Fact]
    public async Task Execute_TakesABodyWithAByteOrderMark()
    {
        using var content = new ByteArrayContent([0xEF, 0xBB, 0xBF, .. "{\"code\":\"1\"}"u8]);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        Assert.Equal("1", (await api.Client.PostAsync(content)).Text);
    }

    [Theory]
    [InlineData("python", "print('hällo €😀')\n'é😀'", "'é😀'")]
    [InlineData("typescript", "console.log('hällo €😀')\n'é😀'", "'é😀'")]
    public async Task Execute_CarriesAllOfUnicode(string language, string code, string value)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        Assert.Equal(["hällo €😀"], answer.Stdout);
        Assert.Equal(value, answer.Text);
    }

    [Theory]
    [InlineData("python", "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c', end='')")]
    [InlineData("typescript", "console.log('a'); console.error('b'); process.stdout.write('c')")]
    public async Task Execute_KeepsStreamsApartAndCountsALastLineWithoutAnEnd(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        Assert.Equal(["a", "c"], answer.Stdout);
        Assert.Equal(["b"], answer.Stderr);
    }

    [Theory]
    [InlineData("python", "print('a\\rb\\r\\n\\nc')")]
    [InlineData("typescript", "console.log('a\\rb\\r\\n\\nc')")]
    public async Task Execute_KeepsCarriageReturnsAndEmptyLines(string language, string code) =>
        Assert.Equal(["a\rb\r", "", "c"], (await api.Client.ExecuteAsync(code, language)).Stdout);

    [Theory]
    [InlineData("python", "import os\nos.write(1, b'a\\xffb\\n')")]
    [InlineData("typescript", "require('fs').writeSync(1, new Uint8Array([97, 255, 98, 10])); undefined")]
    public async Task Execute_TurnsBytesThatAreNotUtf8IntoReplacementCharacters(string language, string code) =>
        Assert.Equal(["a\uFFFDb"], (await api.Client.ExecuteAsync(code, language)).Stdout);

    [Theory]
    [InlineData("python", "import subprocess\nprint('one')\nsubprocess.run(['sh', '-c', 'echo two; echo oops >&2'])\nprint('three')")]
    [InlineData("typescript", "console.log('one'); require('child_process').execSync('echo two; echo oops >&2', {stdio: 'inherit'}); console.log('three')")]
    public async Task Execute_CollectsTheOutputOfChildProcessesInOrder(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        Assert.Equal(["one", "two", "three"], answer.Stdout);
        Assert.Equal(["oops"], answer.Stderr);
    }

    [Theory]
    [InlineData("python", "1\nprint('before')\nunknown_name", "NameError", "name 'unknown_name' is not defined", "line 3")]
    [InlineData("typescript", "1;\nconsole.log('before');\nunknown_name", "ReferenceError", "unknown_name", ":3")]
    public async Task Execute_WhenTheCodeRaises_AnswersWithTheErrorAndKeepsTheState(
        string language, string code, string name, string value, string line)
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync(language == "python" ? "kept = 5" : "let kept = 5", language, id);
        var answer = await api.Client.ExecuteAsync(code, language, id);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(name, answer.ErrorName);
        Assert.Contains(value, answer.ErrorValue, StringComparison.Ordinal);
        Assert.Contains(line, answer.Traceback, StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b|driver|/Grains/|launcher", answer.Traceback!);
        Assert.Equal(["before"], answer.Stdout);
        Assert.Equal("kept", answer.State);
        Assert.Equal("5", (await api.Client.ExecuteAsync("kept", contextId: id)).Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Execute_OfASyntaxError_NamesIt(string language)
    {
        var answer = await api.Client.ExecuteAsync("a = 1\nb = = 2", language);
        Assert.Equal("SyntaxError", answer.ErrorName);
        Assert.Contains("2", answer.Traceback, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("python", "class ContextLost(Exception): pass\nraise ContextLost('mine')")]
    [InlineData("typescript", "class ContextLost extends Error { name = 'ContextLost' }\nthrow new ContextLost('mine')")]
    public async Task Execute_WhenTheCodeRaisesANameOfThePlatform_TheStatusTellsThemApart(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        Assert.Equal((HttpStatusCode.OK, "ContextLost", "mine"), (answer.Status, answer.ErrorName, answer.ErrorValue));
    }

    [Theory]
    [InlineData("python", "import os\nos.environ.get('TOKEN'), os.environ.get('OTHER')", "('a b', 'é')", "(None, None)")]
    [InlineData("typescript", "[process.env.TOKEN, process.env.OTHER]", "[ 'a b', 'é' ]", "[ undefined, undefined ]")]
    public async Task Execute_SetsVariablesForOneExecutionOnly(string language, string code, string during, string after)
    {
        var id = ApiFixture.NewContextId();
        var environment = new Dictionary<string, string> { ["TOKEN"] = "a b", ["OTHER"] = "é" };
        Assert.Equal(during, (await api.Client.ExecuteAsync(code, language, id, environment: environment)).Text);
        Assert.Equal(after, (await api.Client.ExecuteAsync(code, language, id)).Text);
    }

    [Theory]
    [InlineData("python", "import os\nos.environ['MINE'] = 'kept'\nos.environ['TOKEN'] = 'changed'\nraise ValueError()", "import os\nos.environ['MINE'], os.environ.get('TOKEN')", "('kept', None)")]
    [InlineData("typescript", "process.env.MINE = 'kept'; process.env.TOKEN = 'changed'; throw 1", "[process.env.MINE, process.env.TOKEN]", "[ 'kept', undefined ]")]
    public async Task Execute_PutsVariablesBackWhenTheCodeRaises(string language, string code, string ask, string after)
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync(code, language, id, environment: new Dictionary<string, string> { ["TOKEN"] = "x" });
        Assert.Equal(after, (await api.Client.ExecuteAsync(ask, language, id)).Text);
    }

    [Theory]
    [InlineData("python", "import subprocess\nsubprocess.run('echo $TOKEN', shell=True)")]
    [InlineData("typescript", "require('child_process').execSync('echo $TOKEN', {stdio: 'inherit'}); undefined")]
    public async Task Execute_PassesVariablesToChildProcesses(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language, environment: new Dictionary<string, string> { ["TOKEN"] = "a'b\"c" });
        Assert.Equal(["a'b\"c"], answer.Stdout);
    }

    [Theory]
    [InlineData("python", "import os\nsorted(name for name in os.environ if 'SANDBOX' in name.upper() or 'DOTNET' in name or 'ASPNETCORE' in name)", "[]")]
    [InlineData("typescript", "Object.keys(process.env).filter(name => /sandbox|dotnet|aspnetcore/i.test(name))", "[]")]
    public async Task Execute_ShowsTheCodeNothingOfTheSilosEnvironment(string language, string code, string value) =>
        Assert.Equal(value, (await api.Client.ExecuteAsync(code, language)).Text);

    [Theory]
    [InlineData("python", "for i in range(3000): print('x' * 999)")]
    [InlineData("typescript", "for (let i = 0; i < 3000; i++) console.log('x'.repeat(999))")]
    public async Task Execute_CutsAStreamAtItsLimitAndSaysSo(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        var notice = answer.Stdout[^1];
        Assert.Matches(@"^\[output truncated: \d+ bytes dropped\]$", notice);
        var dropped = long.Parse(notice.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal((1 << 20, 3_000_000), (
            answer.Stdout.SkipLast(1).Sum(line => line.Length) + (answer.Stdout.Count - 2),
            answer.Stdout.SkipLast(1).Sum(line => line.Length) + (answer.Stdout.Count - 2) + dropped));
    }

    [Theory]
    [InlineData("python", "print('y' * 100_000)\nprint('next')")]
    [InlineData("typescript", "console.log('y'.repeat(100_000)); console.log('next')")]
    public async Task Execute_CutsALongLineAndSaysSo(string language, string code)
    {
        var answer = await api.Client.ExecuteAsync(code, language);
        Assert.Equal([new string('y', 64 << 10), "next", $"[output truncated: {100_000 - (64 << 10)} bytes dropped]"], answer.Stdout);
    }

    [Theory]
    [InlineData("python", "'z' * 30_000_000", @"^\[output truncated: 3000\d{4} bytes dropped\]$")]
    [InlineData("typescript", "'z'.repeat(30_000_000)", @"^'z{1048576}'\.\.\. 28951424 more characters$")]
    public async Task Execute_CutsItemsAtTheirLimitAndSaysSo(string language, string code, string text)
    {
        var id = ApiFixture.NewContextId();
        var answer = await api.Client.ExecuteAsync(code, language, id);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Matches(text, answer.Text);
        Assert.Equal("2", (await api.Client.ExecuteAsync("1 + 1", language, id)).Text);
    }

    [Theory]
    [InlineData("python", "import threading\ndef late():\n    print('late')\n    {0}\nthreading.Timer(0.2, late).start()", "print('mine')")]
    [InlineData("typescript", "setTimeout(() => { console.log('late'); {0} }, 200); undefined", "console.log('mine')")]
    public async Task Execute_DropsWhatIsPrintedBetweenTwoRuns(string language, string start, string next)
    {
        var id = ApiFixture.NewContextId();
        var sign = new Sign();
        var give = language == "python" ? sign.GivePython() : sign.GiveTypeScript();
        await api.Client.ExecuteAsync(start.Replace("{0}", give, StringComparison.Ordinal), language, id);
        await sign.GivenAsync();
        Assert.Equal(["mine"], (await api.Client.ExecuteAsync(next, language, id)).Stdout);
    }

    [GeneratedRegex("^[0-9a-f]{32}$")]
    private static partial Regex GeneratedId();
}
