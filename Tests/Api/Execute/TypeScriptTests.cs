using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>Values, types and rich output of TypeScript.</summary>
[Collection(ApiCollection.Name)]
public class TypeScriptTests(ApiFixture api)
{
    [Fact]
    public async Task Execute_OfAPlainObject_GivesJsonBesideText()
    {
        var item = Assert.Single((await RunAsync("({a: 1, b: ['x', null]})")).Items);
        Assert.Equal("""{"a":1,"b":["x",null]}""", item.GetProperty("json").GetRawText());
        Assert.Equal("{ a: 1, b: [ 'x', null ] }", item.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("[1, 2]", "[ 1, 2 ]")]
    [InlineData("5", "5")]
    [InlineData("'a'", "'a'")]
    [InlineData("null", "null")]
    [InlineData("2n ** 70n", "1180591620717411303424n")]
    [InlineData("new Map([['a', 1]])", "Map(1) { 'a' => 1 }")]
    public async Task Execute_OfAnyOtherValue_GivesText(string code, string text)
    {
        var answer = await RunAsync(code);
        Assert.Equal(text, answer.Text);
        Assert.Equal(["is_primary", "text"], Assert.Single(answer.Items).EnumerateObject().Select(member => member.Name));
    }

    [Theory]
    [InlineData("const x = 5")]
    [InlineData("undefined")]
    [InlineData("function f() {}")]
    [InlineData("interface A { a: number }")]
    public async Task Execute_OfNoValue_GivesNoItem(string code) => Assert.Empty((await RunAsync(code)).Items);

    [Theory]
    [InlineData("enum E { A, B = 'b' }\n[E.A, E.B]", "[ 0, 'b' ]")]
    [InlineData("const f = <T,>(x: T): T => x; f<number>(3)", "3")]
    [InlineData("await new Promise<number>(r => setTimeout(() => r(8), 5))", "8")]
    [InlineData("import { join } from 'node:path'\njoin('a', 'b')", "'a/b'")]
    [InlineData("const os = await import('node:os'); typeof os.cpus", "'function'")]
    [InlineData("class A { constructor(private readonly v: number) {} get d() { return this.v * 2 } }\nnew A(4).d", "8")]
    public async Task Execute_RunsTypeScriptAsItIsWritten(string code, string text) => Assert.Equal(text, (await RunAsync(code)).Text);

    [Fact]
    public async Task Execute_LetsLaterCallsDeclareAgain()
    {
        var id = ApiFixture.NewContextId();
        await RunAsync("const x = 1; class C {}; function f() { return 1 }", id);
        await RunAsync("const x = 2; class C { a = 5 }; function f() { return 3 }", id);
        Assert.Equal("[ 2, 5, 3 ]", (await RunAsync("[x, new C().a, f()]", id)).Text);
    }

    [Fact]
    public async Task Execute_NamesTheUsersOwnLines()
    {
        var answer = await RunAsync("interface Q {\n  a: number\n}\n\nfunction boom(q: Q): never {\n  throw new RangeError('bad')\n}\nboom({ a: 1 })");
        Assert.Equal(("RangeError", "bad"), (answer.ErrorName, answer.ErrorValue));
        Assert.Contains("cell_1.ts:6", answer.Traceback, StringComparison.Ordinal);
        Assert.Contains("cell_1.ts:8", answer.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_ShowsWhatIsDisplayed()
    {
        var answer = await RunAsync("display(html`<b>${1}</b>`); display({'text/x-custom': 'c'}, {raw: true}); 3");
        Assert.Equal("<b>1</b>", answer.Items[0].GetProperty("html").GetString());
        Assert.Equal("c", answer.Items[1].GetProperty("extra").GetProperty("text/x-custom").GetString());
        Assert.Equal("3", answer.Text);
    }

    [Theory]
    [InlineData("JSON.stringify = () => { throw 1 }; Array.prototype.push = () => { throw 2 }; Promise.prototype.then = () => { throw 3 }; 1")]
    [InlineData("globalThis.process = null as any; globalThis.console = null as any; 1")]
    [InlineData("Object.prototype.toJSON = () => 'evil'; ({ a: 1 })")]
    [InlineData("new Proxy({}, { get() { throw new Error('trap') }, ownKeys() { throw new Error('trap') } })")]
    [InlineData("Promise.reject(new Error('nobody waits')); setTimeout(() => { throw new Error('late') }, 5); await Bun.sleep(30)")]
    public async Task Execute_AnswersWhateverTheCodeDoesToItsOwnWorld(string code)
    {
        var answer = await RunAsync(code);
        Assert.Equal("2", (await RunAsync("1 + 1", answer.ContextId)).Text);
    }

    private Task<Answer> RunAsync(string code, string? contextId = null) => api.Client.ExecuteAsync(code, "typescript", contextId);
}
