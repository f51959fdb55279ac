using System.Text;
using Sandbox.Cluster.Grains.Contexts;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Tests.Grains.Contexts;

public class ItemListTests
{
    [Fact]
    public void ToItems_KeepsTheOrderOfAppearance() =>
        Assert.Equal(["1", "2"], TextsOf(1000, Item("1"), Item("2")));

    [Fact]
    public void Add_PutsAnUpdateInThePlaceOfWhatItUpdates() =>
        Assert.Equal(["new", "2"], TextsOf(1000, Item("old", display: "d"), Item("2"), Item("new", display: "d", update: true)));

    [Fact]
    public void Add_KeepsAnUpdateOfWhatThisExecutionDidNotShow() =>
        Assert.Equal(["1", "new"], TextsOf(1000, Item("1"), Item("new", display: "elsewhere", update: true)));

    [Fact]
    public void Add_UpdatesTheLatestDisplayOfAName() =>
        Assert.Equal(["a", "new"], TextsOf(1000, Item("a", display: "d"), Item("b", display: "d"), Item("new", display: "d", update: true)));

    [Fact]
    public void ToItems_SaysWhatWentOverTheLimit() =>
        Assert.Equal(["1", "[output truncated: 23 bytes dropped]"], TextsOf(66, Item("1"), Item("two"), Item("3 and more than that")));

    [Fact]
    public void Add_FreesTheRoomOfWhatAnUpdateReplaces() =>
        Assert.Equal(["22222", "333"], TextsOf(136, Item("11111111", display: "d"), Item("22222", display: "d", update: true), Item("333")));

    [Fact]
    public void ToItems_StillMarksThePrimaryItemWhenItWasDropped()
    {
        var list = new ItemList(2);
        list.Add(new InterpreterItem(IsPrimary: true, null, IsUpdate: false, "too long"u8.ToArray()));
        var item = Assert.Single(list.ToItems());
        Assert.True(item.IsPrimary);
        Assert.Equal("""{"text/plain":"[output truncated: 8 bytes dropped]"}""", Encoding.UTF8.GetString(item.Data));
    }

    private static InterpreterItem Item(string data, string? display = null, bool update = false) =>
        new(IsPrimary: false, display, update, Encoding.UTF8.GetBytes(data));

    private static List<string> TextsOf(int maxBytes, params InterpreterItem[] items)
    {
        var list = new ItemList(maxBytes);
        foreach (var item in items)
            list.Add(item);
        return [.. list.ToItems().Select(item => Encoding.UTF8.GetString(item.Data))
            .Select(data => data.StartsWith('{') ? data.Split('"')[3] : data)];
    }
}
