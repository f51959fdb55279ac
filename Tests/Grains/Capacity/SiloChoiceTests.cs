using System.Net;
using Sandbox.Cluster.Grains.Capacity;

namespace Sandbox.Cluster.Tests.Grains.Capacity;

public sealed class SiloChoiceTests
{
    private static readonly SiloAddress s_asked = Silo(1);
    private static readonly SiloAddress s_other = Silo(2);
    private static readonly SiloAddress s_third = Silo(3);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(25, 20)]
    public void Of_WhereTheAskedIsAboutAsGood_IsTheAsked(int live, int elsewhere) =>
        Assert.Equal(s_asked, SiloChoice.Of([(s_other, Load(elsewhere)), (s_asked, Load(live)), (s_third, Load(elsewhere))], s_asked));

    [Theory]
    [InlineData(26, 20)]
    [InlineData(100, 99)]
    [InlineData(1, 0, 3)]
    public void Of_WhereAnotherHasMoreRoom_IsTheLeastLoaded(int live, int elsewhere, int max = 100) =>
        Assert.Equal(s_third, SiloChoice.Of([(s_asked, Load(live, max)), (s_other, Load(live, max)), (s_third, Load(elsewhere, max))], s_asked));

    [Fact]
    public void Of_GoesByTheShareThatIsTaken() =>
        Assert.Equal(s_other, SiloChoice.Of([(s_asked, Load(8, 10)), (s_other, Load(40, 100))], s_asked));

    [Fact]
    public void Of_WhereTheAskedIsNotReady_IsOneThatIs() =>
        Assert.Equal(s_other, SiloChoice.Of([(s_asked, Load(0) with { IsReady = false }), (s_other, Load(90))], s_asked));

    [Fact]
    public void Of_WhereNoneIsReady_IsTheLeastLoaded() =>
        Assert.Equal(s_other, SiloChoice.Of([(s_asked, Load(50) with { IsReady = false }), (s_other, Load(10) with { IsReady = false })], s_asked));

    [Fact]
    public void Of_WhereTheAskedLeaves_IsAnother() =>
        Assert.Equal(s_other, SiloChoice.Of([(s_asked, Load(0) with { IsLeaving = true }), (s_other, Load(90))], s_asked));

    [Fact]
    public void Of_WhereTheAskedCannotTakeIt_IsAnother() => Assert.Equal(s_other, SiloChoice.Of([(s_other, Load(90))], s_asked));

    [Fact]
    public void Of_WithoutRoomAnywhere_IsNone()
    {
        Assert.Null(SiloChoice.Of([(s_asked, Load(100)), (s_other, Load(0) with { IsLeaving = true })], s_asked));
        Assert.Null(SiloChoice.Of([], s_asked));
    }

    private static SiloAddress Silo(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);

    private static SiloLoad Load(int live, int max = 100) => new(live, max, IsReady: true, IsLeaving: false);
}
