// xen/include/public/io/ring.h: the front end of a ring of requests and responses in one page.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Xen;

/// <summary>A ring in which a request and its response take the same room, seen from who makes requests.</summary>
/// <remarks>
/// The other end may write anything into the page. Responses are believed only as far as requests are open, every response is read into locals
/// once by who takes it, and no access leaves the page.
/// </remarks>
internal sealed class SharedRing
{
    private const int RequestProducer = 0, RequestEvent = 4, ResponseProducer = 8, ResponseEvent = 12, Entries = 64;

    private readonly DmaBlock _page;
    private readonly int _entryLength;
    private uint _made;
    private uint _published;
    private uint _taken;

    public SharedRing(DmaBlock page, int entryLength)
    {
        _page = page;
        _entryLength = entryLength;
        // The largest power of two that fits.
        Size = 1;
        while (Entries + (Size * 2 * entryLength) <= page.Length)
        {
            Size *= 2;
        }
    }

    /// <summary>Entries.</summary>
    public int Size { get; }

    /// <summary>Requests without a response that was taken.</summary>
    public int Open => (int)(_made - _taken);

    /// <summary>Whether the other end claims to have responded.</summary>
    public bool HasResponse => _page.ReadUInt32Acquire(ResponseProducer) != _taken;

    /// <summary>Whether another request has room.</summary>
    public bool HasRoom => Open < Size;

    /// <summary>Empties it; the other end does not use it yet.</summary>
    public void Initialize()
    {
        _page.Memory.Span.Clear();
        _page.WriteUInt32(RequestEvent, 1);
        _page.WriteUInt32(ResponseEvent, 1);
        _made = _published = _taken = 0;
    }

    /// <summary>The offset of the next request, which the caller fills; there is room.</summary>
    public int Make() => Entries + ((int)(_made++ % (uint)Size) * _entryLength);

    /// <summary>Which of the ring's places an entry is, 0 to <see cref="Size"/> - 1.</summary>
    public int SlotOf(int offset) => (offset - Entries) / _entryLength;

    /// <summary>Shows the requests that were made. True: the other end wants to be told.</summary>
    public bool Publish()
    {
        var before = _published;
        _published = _made;
        _page.WriteUInt32Release(RequestProducer, _made);
        // The other end sets its wish and looks at the producer once more; we do the same the other way round.
        _page.FullFence();
        return _made - _page.ReadUInt32(RequestEvent) < _made - before;
    }

    /// <summary>The offset of the next response.</summary>
    /// <exception cref="XenViolationException">There are more responses than requests.</exception>
    public bool TryTake(out int offset)
    {
        var waiting = _page.ReadUInt32Acquire(ResponseProducer) - _taken;
        if (waiting > _published - _taken)
        {
            throw new XenViolationException($"a ring of {_published - _taken} requests has {waiting} responses.");
        }

        offset = Entries + ((int)(_taken % (uint)Size) * _entryLength);
        if (waiting == 0)
        {
            return false;
        }

        _taken++;
        return true;
    }

    /// <summary>Asks for an event when <paramref name="responses"/> more have come. False: so many are there already, and there may be no event.</summary>
    public bool TryAskForEvent(int responses = 1)
    {
        _page.WriteUInt32(ResponseEvent, _taken + (uint)responses);
        _page.FullFence();
        return _page.ReadUInt32Acquire(ResponseProducer) - _taken < (uint)responses;
    }
}
