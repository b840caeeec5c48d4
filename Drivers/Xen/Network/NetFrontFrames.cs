using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The frames and batches of a card, which all its queues rent from and which outlive every connection; and the grants by which the other domain reaches them
/// while there is one: a page each, those to be sent for reading only.
/// </summary>
internal sealed class NetFrontFrames
{
    /// <summary>What one grant is for.</summary>
    public const int PageBytes = 4096;

    private readonly DmaBlock _receiveMemory;
    private readonly DmaBlock _transmitMemory;
    private readonly uint[] _receiveGrants;
    private readonly uint[] _transmitGrants;

    public NetFrontFrames(DmaArena arena, NetFrontOptions options)
    {
        FramePoolOptions receive = new() { FrameCount = options.ReceiveFrameCount, FrameSize = PageBytes, Headroom = 0 };
        _receiveMemory = arena.Allocate(receive.RequiredMemory, PageBytes);
        Receive = FramePool.Create(receive, _receiveMemory.Memory);
        FramePoolOptions transmit = new() { FrameCount = options.TransmitFrameCount, FrameSize = PageBytes };
        _transmitMemory = arena.Allocate(transmit.RequiredMemory, PageBytes);
        Transmit = FramePool.Create(transmit, _transmitMemory.Memory);
        _receiveGrants = new uint[options.ReceiveFrameCount];
        _transmitGrants = new uint[options.TransmitFrameCount];
        Batches = FrameBatchPool.Create(options.BatchCount);
    }

    /// <summary>What received frames come from.</summary>
    public FramePool Receive { get; }

    /// <summary>What clients rent from.</summary>
    public FramePool Transmit { get; }

    /// <summary>The batches of both directions.</summary>
    public FrameBatchPool Batches { get; }

    /// <summary>Grants all of them; whoever takes grants back takes back all that the device has.</summary>
    public void Grant(XenFrontend frontend)
    {
        Grant(frontend, _receiveMemory, _receiveGrants, isReadOnly: false);
        Grant(frontend, _transmitMemory, _transmitGrants, isReadOnly: true);
    }

    /// <summary>The grant of the page in which a piece of either pool lies, and where in it.</summary>
    public (uint Grant, int Offset) Place(FramePool pool, int poolOffset) =>
        ((ReferenceEquals(pool, Transmit) ? _transmitGrants : _receiveGrants)[poolOffset / PageBytes], poolOffset % PageBytes);

    private static void Grant(XenFrontend frontend, DmaBlock memory, uint[] grants, bool isReadOnly)
    {
        for (var page = 0; page < grants.Length; page++)
        {
            grants[page] = frontend.Grant(memory, page * PageBytes, isReadOnly);
        }
    }
}
