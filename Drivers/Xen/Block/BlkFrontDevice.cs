// xen/include/public/io/blkif.h, one queue with a ring of one page.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The guest's half of a Xen disk and all that outlives one incarnation of its driver: the buffers, the ring, the counters, and the batches that clients wait for. Its methods
/// run in the turns of one actor, <see cref="BlkFrontDriver"/>.
/// </summary>
/// <remarks>
/// All buffers are granted when the halves connect and taken back when they part; nothing is granted for a request. The other domain reaches these pages, those of segments and the
/// ring, and no others. It may change a buffer at any time, as any device may.
/// </remarks>
public sealed class BlkFrontDevice
{
    /// <summary>What one grant is for.</summary>
    internal const int PageBytes = 4096;

    private readonly XenFrontend _frontend;
    private readonly BlkFrontOptions _options;
    private readonly DmaBlock _bufferMemory;
    private readonly BlockBufferPool _buffers;
    private readonly uint[] _bufferGrants;
    private readonly BlkFrontQueue _queue;
    private readonly BlockDeviceCounters _counters;
    private readonly List<Reply<BlockDeviceInformation>> _askers = [];
    private BlockDeviceInformation? _information;
    private int _incarnation;
    private long _taken;

    /// <summary>Takes the device; its memory comes from <paramref name="arena"/>, once and for all incarnations.</summary>
    /// <param name="frontend">The device.</param>
    /// <param name="arena">An arena of the device.</param>
    /// <param name="handle">The device's number in xenstore, which its other half wants to see in requests.</param>
    /// <param name="options">Sizes.</param>
    public BlkFrontDevice(XenFrontend frontend, DmaArena arena, ushort handle, BlkFrontOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frontend);
        ArgumentNullException.ThrowIfNull(arena);
        _frontend = frontend;
        _options = options ?? new BlkFrontOptions();
        ArgumentOutOfRangeException.ThrowIfNotEqual(_options.BufferSize % PageBytes, 0, nameof(options));
        _bufferMemory = arena.Allocate(_options.BufferCount * _options.BufferSize, PageBytes);
        _buffers = BlockBufferPool.Create(_options.BufferCount, _options.BufferSize, _bufferMemory.Memory);
        _bufferGrants = new uint[_bufferMemory.Length / PageBytes];
        _queue = new BlkFrontQueue(Name, arena, handle, _bufferGrants, _options.BufferSize / PageBytes);
        _counters = _queue.Counters;
    }

    /// <summary>Where the device is.</summary>
    public string Name => _frontend.Name;

    /// <summary>The buffers that clients rent.</summary>
    public BlockBufferPool Buffers => _buffers;

    /// <summary>Whether the halves are connected and the ring is in use.</summary>
    internal bool IsRunning { get; private set; }

    /// <summary>Whether the other half was told to connect, and has not done so yet.</summary>
    internal bool IsPrepared { get; private set; }

    /// <summary>Requests at the other half; or at one that was cut off and has not let go of their pages.</summary>
    internal int InFlight => _queue.InFlight;

    /// <summary>A number that moves on whenever a request is over.</summary>
    internal long Completed => _queue.Completed;

    /// <summary>Takes a batch, answers it at once if nothing can be done with it, and gives the other half as much as it has room for.</summary>
    internal void Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
        batch.Begin();
        if (!IsRunning || _taken - _queue.Answered == _options.MaximumBatches)
        {
            _counters.Refused += batch.EndAll(IsRunning ? BlockStatus.Busy : BlockStatus.DeviceReset);
            BlockBatch.Answer(batch, reply, _incarnation);
            return;
        }

        _taken++;
        _queue.Accept(batch, reply);
        _queue.Publish();
    }

    /// <inheritdoc cref="BlkFrontQueue.Service"/>
    internal void Service()
    {
        if (IsRunning)
        {
            _queue.Service();
        }
    }

    /// <summary>
    /// Makes the ring and grants everything to the other domain, which does not know of it yet: it is told the numbers through xenstore and then
    /// connects. <paramref name="onEvent"/> is called for each event from then on. False: the other domain still holds pages of an earlier time.
    /// </summary>
    internal bool TryPrepare(Action onEvent, out BlkFrontNumbers numbers)
    {
        numbers = default;
        Stop();
        if (InFlight > 0 || !_frontend.TryTakeBackGrants())
        {
            return false;
        }

        // For writing too, all of them: who keeps pages mapped maps them once, for requests of both directions.
        Grant(_frontend, _bufferMemory, _bufferGrants);
        numbers = _queue.Prepare(_frontend, onEvent);
        IsPrepared = true;
        return true;
    }

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
        _queue.Information = _information;
        (IsPrepared, IsRunning) = (false, true);
        foreach (var asker in _askers)
        {
            asker.Set(_information);
        }

        _askers.Clear();
    }

    /// <summary>
    /// Ends the use of the ring. What waits is answered at once with <see cref="BlockStatus.DeviceReset"/>; what is in flight only when the other domain has let go of all pages,
    /// because until then it may still be done. May be called again, to look for that.
    /// </summary>
    internal void Stop()
    {
        (IsPrepared, IsRunning) = (false, false);
        _queue.Close();
        if (_frontend.TryTakeBackGrants())
        {
            _queue.Abandon();
        }
    }

    /// <summary>The disk grew or shrank.</summary>
    internal void Resize(long sectorCount)
    {
        if (_information!.SectorCount != sectorCount)
        {
            _information = _information with { SectorCount = sectorCount };
            _queue.Information = _information;
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

    internal BlockDeviceStatistics ReadStatistics() => _counters.Read();

    /// <summary>Grants every page of some memory, for writing too.</summary>
    internal static void Grant(XenFrontend frontend, DmaBlock memory, uint[] grants)
    {
        for (var page = 0; page < grants.Length; page++)
        {
            grants[page] = frontend.Grant(memory, page * PageBytes, isReadOnly: false);
        }
    }
}
