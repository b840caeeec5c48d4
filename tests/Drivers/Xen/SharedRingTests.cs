using Troupe.Core.Capabilities;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>A ring's indices by themselves: what requests look like is their driver's business, and checks there hide what is missing here.</summary>
public sealed class SharedRingTests
{
    private const int RequestProducer = 0, RequestEvent = 4, ResponseProducer = 8, ResponseEvent = 12, EntryLength = 112;

    private readonly DmaBlock _page = new FakeArena(new FakeMemory()).Allocate(4096, 4096);
    private readonly SharedRing _ring;

    public SharedRingTests()
    {
        _ring = new SharedRing(_page, EntryLength);
        _ring.Initialize();
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(33u)]
    [InlineData(uint.MaxValue)]
    public void NoMoreResponsesAreBelievedThanRequestsWereShown(uint claimed)
    {
        _ring.Make();
        _ring.Publish();
        // This one was made and not shown.
        _ring.Make();
        _page.WriteUInt32(ResponseProducer, claimed);
        Assert.Throws<XenViolationException>(() => _ring.TryTake(out _));
        _page.WriteUInt32(ResponseProducer, 1);
        Assert.True(_ring.TryTake(out _));
        Assert.False(_ring.TryTake(out _));
    }

    [Fact]
    public void EntriesLieBehindEachOtherAndComeRoundInTheOrderInWhichTheyWereMade()
    {
        Assert.Equal(32, _ring.Size);
        for (var round = 0; round < 3 * _ring.Size; round++)
        {
            var made = _ring.Make();
            Assert.Equal((64 + (round % 32 * EntryLength), round % 32), (made, _ring.SlotOf(made)));
            _ring.Publish();
            Assert.Equal((uint)(round + 1), _page.ReadUInt32(RequestProducer));
            _page.WriteUInt32(ResponseProducer, (uint)(round + 1));
            Assert.True(_ring.TryTake(out var taken));
            Assert.Equal(made, taken);
        }
    }

    [Fact]
    public void TheOtherEndIsToldOfTheRequestThatItAskedFor()
    {
        _page.WriteUInt32(RequestEvent, 2);
        _ring.Make();
        Assert.False(_ring.Publish());
        _ring.Make();
        _ring.Make();
        Assert.True(_ring.Publish());
        _ring.Make();
        Assert.False(_ring.Publish());
    }

    [Fact]
    public void AnEventIsAskedForOnlyIfNothingHasComeMeanwhile()
    {
        _ring.Make();
        _ring.Publish();
        Assert.True(_ring.TryAskForEvent());
        Assert.Equal(1u, _page.ReadUInt32(ResponseEvent));
        _page.WriteUInt32(ResponseProducer, 1);
        Assert.False(_ring.TryAskForEvent());
        Assert.True(_ring.TryTake(out _));
        Assert.True(_ring.TryAskForEvent());
        Assert.Equal(2u, _page.ReadUInt32(ResponseEvent));
    }
}
