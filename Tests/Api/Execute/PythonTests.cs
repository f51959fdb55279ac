using System.Text.Json;
using Sandbox.Cluster.Tests.Support;

namespace Sandbox.Cluster.Tests.Api.Execute;

/// <summary>Rich output of Python, as the members of the contract.</summary>
[Collection(ApiCollection.Name)]
public class PythonTests(ApiFixture api)
{
    private const string Png = "^iVBORw0KGgo[A-Za-z0-9+/]+=*$";

    [Fact]
    public async Task Execute_OfADataFrame_GivesTextAndHtml()
    {
        var answer = await api.Client.ExecuteAsync("import pandas as pd\npd.DataFrame({'a': [1, 2]})");
        var item = Assert.Single(answer.Items);
        Assert.Contains("<table", item.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.Equal("   a\n0  1\n1  2", item.GetProperty("text").GetString());
        Assert.True(item.GetProperty("is_primary").GetBoolean());
    }

    [Fact]
    public async Task Execute_ShowsAFigureThatWasLeftOpen()
    {
        var answer = await api.Client.ExecuteAsync("import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);");
        var item = Assert.Single(answer.Items);
        Assert.Matches(Png, item.GetProperty("png").GetString());
        Assert.False(item.GetProperty("is_primary").GetBoolean());
        // And only once.
        Assert.Empty((await api.Client.ExecuteAsync("1;", contextId: answer.ContextId)).Items);
    }

    [Fact]
    public async Task Execute_ShowsAFigureWhenAskedTo()
    {
        var answer = await api.Client.ExecuteAsync("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.plot([3, 4])\nplt.show()\n'end'");
        Assert.Equal(3, answer.Items.Count);
        Assert.All(answer.Items.Take(2), item => Assert.Matches(Png, item.GetProperty("png").GetString()));
        Assert.Equal("'end'", answer.Text);
    }

    [Theory]
    [InlineData("HTML('<b>x</b>')", "html", "<b>x</b>")]
    [InlineData("Markdown('*m*')", "markdown", "*m*")]
    [InlineData("Latex('$x$')", "latex", "$x$")]
    [InlineData("SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')", "svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    [InlineData("Javascript('1+1')", "javascript", "1+1")]
    [InlineData("Image(data=bytes.fromhex('ffd8ffe000104a46494600'), format='jpeg')", "jpeg", "/9j/4AAQSkZJRgA=")]
    [InlineData("Pdf()", "pdf", "JVBERi0=")]
    public async Task Execute_PutsAMimeTypeIntoItsMember(string expression, string member, string value)
    {
        var answer = await api.Client.ExecuteAsync(
            "from IPython.display import *\nclass Pdf:\n  def _repr_pdf_(self): return b'%PDF-'\n" + expression);
        Assert.Equal(value, Assert.Single(answer.Items).GetProperty(member).GetString());
    }

    [Fact]
    public async Task Execute_PutsAJsonObjectIntoJson()
    {
        var answer = await api.Client.ExecuteAsync("display({'application/json': {'a': [1, None, 'é']}}, raw=True)");
        Assert.Equal("""{"a":[1,null,"é"]}""", Assert.Single(answer.Items).GetProperty("json").GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Execute_PutsOtherJsonAndOtherTypesIntoExtra()
    {
        var answer = await api.Client.ExecuteAsync(
            "display({'application/json': [1, 2], 'application/vnd.plotly.v1+json': {'data': []}, 'text/x-custom': 'c', 'text/plain': 't'}, raw=True)");
        var item = Assert.Single(answer.Items);
        var extra = item.GetProperty("extra");
        Assert.False(item.TryGetProperty("json", out _));
        Assert.Equal("t", item.GetProperty("text").GetString());
        Assert.Equal(2, extra.GetProperty("application/json").GetArrayLength());
        Assert.Equal(JsonValueKind.Object, extra.GetProperty("application/vnd.plotly.v1+json").ValueKind);
        Assert.Equal("c", extra.GetProperty("text/x-custom").GetString());
    }

    [Fact]
    public async Task Execute_KeepsItemsInOrderOfAppearanceAndMarksOnePrimary()
    {
        var answer = await api.Client.ExecuteAsync("display(1)\ndisplay(2)\n3");
        Assert.Equal(["1", "2", "3"], answer.Items.Select(item => item.GetProperty("text").GetString()));
        Assert.Equal([false, false, true], answer.Items.Select(item => item.GetProperty("is_primary").GetBoolean()));
    }

    [Fact]
    public async Task Execute_PutsAnUpdateInThePlaceOfWhatItUpdates()
    {
        var answer = await api.Client.ExecuteAsync("h = display('old', display_id=True)\ndisplay('second')\nh.update('new')");
        Assert.Equal(["'new'", "'second'"], answer.Items.Select(item => item.GetProperty("text").GetString()));
    }

    [Theory]
    [InlineData("x = 5", null)]
    [InlineData("5;", null)]
    [InlineData("None", null)]
    [InlineData("'text'", "'text'")]
    [InlineData("await __import__('asyncio').sleep(0, 7)", "7")]
    [InlineData("%timeit -n1 -r1 1", null)]
    [InlineData("files = !echo a b\nfiles", "['a b']")]
    public async Task Execute_GivesTheValueOfATrailingExpression(string code, string? text) =>
        Assert.Equal(text, (await api.Client.ExecuteAsync(code)).Text);

    [Theory]
    [InlineData("!echo hi", "hi")]
    [InlineData("%%bash\necho from bash", "from bash")]
    [InlineData("import ctypes\nctypes.CDLL(None).puts(b'native')\nNone", "native")]
    [InlineData("import os\nos.system('echo system')\nNone", "system")]
    public async Task Execute_CollectsOutputWhereverItComesFrom(string code, string line) =>
        Assert.Equal([line], (await api.Client.ExecuteAsync(code)).Stdout);

    [Theory]
    [InlineData("import sys\nsys.exit(3)")]
    [InlineData("exit()")]
    [InlineData("raise SystemExit")]
    public async Task Execute_OfSysExit_IsAnErrorThatKeepsTheState(string code)
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("x = 1", contextId: id);
        var answer = await api.Client.ExecuteAsync(code, contextId: id);
        Assert.Equal("SystemExit", answer.ErrorName);
        Assert.Empty(answer.Stderr);
        Assert.Equal("1", (await api.Client.ExecuteAsync("x", contextId: id)).Text);
    }

    [Fact]
    public async Task Execute_ShowsTheUsersOwnFramesInATraceback()
    {
        var id = ApiFixture.NewContextId();
        await api.Client.ExecuteAsync("def inner():\n    raise ValueError('deep')", contextId: id);
        var answer = await api.Client.ExecuteAsync("def outer():\n    inner()\n\nouter()", contextId: id);
        Assert.Equal(("ValueError", "deep"), (answer.ErrorName, answer.ErrorValue));
        Assert.Contains("Cell In[2], line 4", answer.Traceback, StringComparison.Ordinal);
        Assert.Contains("Cell In[2], line 2", answer.Traceback, StringComparison.Ordinal);
        Assert.Contains("Cell In[1], line 2", answer.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_AnswersWhateverAnObjectDoesWhenItIsShown()
    {
        var answer = await api.Client.ExecuteAsync("class Hostile:\n  def __repr__(self): raise RuntimeError('no')\nHostile()");
        Assert.Equal("2", (await api.Client.ExecuteAsync("1 + 1", contextId: answer.ContextId)).Text);
    }

    [Theory]
    [InlineData("'\\ud800'")]
    [InlineData("print('\\ud800')")]
    [InlineData("display({'application/json': {'a': float('nan'), '\\ud800': '\\udfff'}}, raw=True)")]
    [InlineData("raise ValueError('\\ud800')")]
    public async Task Execute_NeverAnswersWithTextThatIsNotUnicode(string code)
    {
        var answer = await api.Client.ExecuteAsync(code);
        Assert.Equal("kept", (await api.Client.ExecuteAsync("1", contextId: answer.ContextId)).State);
        // An escape of JSON, not the backslash that repr() shows.
        Assert.DoesNotMatch(@"(?i)(?<!\\)\\ud[89a-f]", answer.Body.GetRawText());
    }
}
