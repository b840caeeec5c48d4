// xen/include/public/io/blkif.h.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The guest's half of a Xen disk and all that outlives one incarnation of its driver: the buffers, the rings, the counters, and the batches that clients wait for. Its methods
/// run in the turns of one actor, <see cref="BlkFrontDriver"/>; those of its queues beside the first in actors of their own. The parts: .Queues.
/// </summary>
/// <remarks>
/// All buffers are granted when the halves connect and taken back when they part; nothing is granted for a request. The other domain reaches these pages, those of segments and the
/// rings, and no others. It may change a buffer at any time, as any device may.
/// </remarks>
public sealed partial class BlkFrontDevice
{
    /// <summary>What one grant is for.</summary>
    internal const int PageBytes = 4096;

    private readonly XenFrontend _frontend;
    private readonly DmaArena _arena;
    private readonly ushort _handle;
    private readonly BlkFrontOptions _options;
    private readonly DmaBlock _bufferMemory;
    private readonly BlockBufferPool _buffers;
    private readonly uint[] _bufferGrants;
    private readonly BlockDeviceCounters _counters;
    private readonly List<Reply<BlockDeviceInformation>> _askers = [];
    private BlockDeviceInformation? _information;
    private int _incarnation;
    private bool _isGivenUp;

    /// <summary>Takes the device; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    /// <param name="frontend">The device.</param>
    /// <param name="arena">An arena of the device.</param>
    /// <param name="handle">The device's number in xenstore, which its other half wants to see in requests.</param>
    /// <param name="options">Sizes.</param>
    public BlkFrontDevice(XenFrontend frontend, DmaArena arena, ushort handle, BlkFrontOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frontend);
        ArgumentNullException.ThrowIfNull(arena);
        (_frontend, _arena, _handle) = (frontend, arena, handle);
        _options = options ?? new BlkFrontOptions();
        ArgumentOutOfRangeException.ThrowIfNotEqual(_options.BufferSize % PageBytes, 0, nameof(options));
        _bufferMemory = arena.Allocate(_options.BufferCount * _options.BufferSize, PageBytes);
        _buffers = BlockBufferPool.Create(_options.BufferCount, _options.BufferSize, _bufferMemory.Memory);
        _bufferGrants = new uint[_bufferMemory.Length / PageBytes];
        _queues = new BlockQueues<BlkFrontQueue>(CreateQueue, _options.MaximumBatches);
        _counters = First.Counters;
    }

    /// <summary>Where the device is.</summary>
    public string Name => _frontend.Name;

    /// <summary>The buffers that clients rent.</summary>
    public BlockBufferPool Buffers => _buffers;

    /// <summary>Whether its capability was revoked: nothing will be granted again.</summary>
    internal bool IsRevoked => _arena.IsRevoked;

    /// <summary>Whether the halves are connected and the rings are in use.</summary>
    internal bool IsRunning { get; private set; }

    /// <summary>Whether the other half was told to connect, and has not done so yet.</summary>
    internal bool IsPrepared { get; private set; }

    /// <summary>The other half is connected. Whoever asked what the device is like is told.</summary>
    internal void Start(in BlkFrontProperties properties)
    {
        _counters.Resets += _incarnation > 0 ? 1 : 0;
        _incarnation++;
        var segments = Math.Clamp(properties.IndirectSegments, BlockRing.DirectSegments, BlockRing.SegmentsPerPage);
        _information = new BlockDeviceInformation
        {
            Name = Name,
            SectorCount = properties.SectorCount,
            BlockSize = BlockDeviceInformation.SectorSize,
            PhysicalBlockSize = properties.PhysicalBlockSize,
            MaximumTransfer = Math.Min(segments * PageBytes, _options.BufferSize),
            MaximumDiscardSectors = properties.HasDiscard ? int.MaxValue : 0,
            IsReadOnly = properties.IsReadOnly,
            HasVolatileCache = properties.HasFlush,
            Incarnation = _incarnation,
            Buffers = _buffers,
        };
        foreach (var queue in _queues.All)
        {
            queue.Describe(_information, segments);
        }

        (IsPrepared, IsRunning) = (false, true);
        foreach (var asker in _askers)
        {
            asker.Set(_information);
        }

        _askers.Clear();
    }

    /// <summary>
    /// Ends the use of the rings; the actors of the queues beside the first have ended. What waits is answered at once with <see cref="BlockStatus.DeviceReset"/>; what is in flight
    /// only when the other domain has let go of all pages, because until then it may still be done. May be called again, to look for that. If the capability was revoked meanwhile, nobody will
    /// use the device again: then all is answered at once, and <see cref="Buffers"/> lends nothing any more.
    /// </summary>
    /// <returns>Whether the other domain has let go.</returns>
    /// <exception cref="CapabilityException">The capability was revoked, and the other domain still has pages; all was answered. Once.</exception>
    internal bool Stop()
    {
        (IsPrepared, IsRunning) = (false, false);
        foreach (var queue in _queues.All)
        {
            queue.Close();
        }

        if (_frontend.TryTakeBackGrants())
        {
            _queues.AbandonInFlight();
            return true;
        }

        if (IsRevoked && !_isGivenUp)
        {
            GiveUp();
        }

        return false;
    }

    private void GiveUp()
    {
        _isGivenUp = true;
        _counters.RefusedResets++;
        // Before the answers: whoever has one finds the pool closed.
        _buffers.Close();
        _queues.AbandonInFlight();
        throw new CapabilityException($"The capability of {Name} was revoked while the other domain had pages of it. They are used for nothing else any more.");
    }

    /// <summary>The disk grew or shrank.</summary>
    internal void Resize(long sectorCount)
    {
        if (_information!.SectorCount != sectorCount)
        {
            _information = _information with { SectorCount = sectorCount };
            _queues.Describe(_information);
        }
    }

    /// <summary>Answers what the device is like, or when it is connected for the first time.</summary>
    internal void Describe(Reply<BlockDeviceInformation> reply)
    {
        if (_information is not null)
        {
            reply.Set(_information);
            return;
        }

        _askers.RemoveAll(static asker => !asker.IsAwaited);
        _askers.Add(reply);
    }

    /// <summary>Tells whoever waits for the device why it cannot be used.</summary>
    internal void Refuse(Exception reason)
    {
        foreach (var asker in _askers)
        {
            asker.TryFail(reason);
        }

        _askers.Clear();
    }

    internal void CountEvent() => _counters.Interrupts++;

    internal void CountViolation() => _counters.DeviceViolations++;

    /// <summary>Grants every page of some memory, for writing too.</summary>
    internal static void Grant(XenFrontend frontend, DmaBlock memory, uint[] grants)
    {
        for (var page = 0; page < grants.Length; page++)
        {
            grants[page] = frontend.Grant(memory, page * PageBytes, isReadOnly: false);
        }
    }
}
