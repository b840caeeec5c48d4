// xen/include/public/io/blkif.h: a ring of one page and its event channel; requests and responses.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>One queue of a Xen disk: its ring, the pages of segments of its requests, and its event channel.</summary>
internal sealed class BlkFrontQueue : BlockQueue
{
    /// <summary>Requests at the other half, at most: as many as the ring holds.</summary>
    public const int MaximumInFlight = 32;

    /// <summary>Bits of a request's number that are counted, so that those of different queues differ too; one disk does not come to so many.</summary>
    private const int CountBits = 48;

    private const int PageBytes = BlkFrontDevice.PageBytes;
    private const int SectorsPerPage = PageBytes / BlockDeviceInformation.SectorSize;

    /// <summary>What was asked for at a place, and by which number. The other half has to repeat both.</summary>
    private record struct Request(ulong Id, BlockRingOperation Operation, bool IsIndirect);

    private readonly string _name;
    private readonly ushort _handle;
    private readonly DmaBlock _ringMemory;
    private readonly DmaBlock _segmentMemory;
    private readonly BlockRing _ring;
    private readonly uint[] _bufferGrants;
    private readonly uint[] _segmentGrants = new uint[MaximumInFlight];
    private readonly Request[] _requests = new Request[MaximumInFlight];
    private readonly BlockRingSegment[] _segments = new BlockRingSegment[BlockRing.SegmentsPerPage];
    private EventChannel? _channel;
    private ulong _count;

    /// <summary>Takes its memory. The grants of the buffers' pages are those of the time: the device writes them anew whenever the halves connect.</summary>
    public BlkFrontQueue(int index, string name, DmaArena arena, ushort handle, uint[] bufferGrants, BlkFrontOptions options)
        : base(index, MaximumInFlight, options.MaximumBatches)
    {
        (_name, _handle, _bufferGrants) = (name, handle, bufferGrants);
        _count = (ulong)index << CountBits;
        _segmentMemory = arena.Allocate(MaximumInFlight * PageBytes, PageBytes);
        _ringMemory = arena.Allocate(PageBytes, PageBytes);
        _ring = new BlockRing(_ringMemory, _segmentMemory);
        ArgumentOutOfRangeException.ThrowIfNotEqual(_ring.Size, MaximumInFlight);
    }

    /// <summary>Makes the ring, grants it and the segments' pages, and opens the channel; the other domain does not know of them yet. Everything of an earlier time was taken back.</summary>
    /// <param name="frontend">The device's capability.</param>
    /// <param name="queues">How many queues there are: of several, each has its events on a processor of its own.</param>
    /// <param name="onEvent">Called for each event from then on.</param>
    public BlkFrontNumbers Prepare(XenFrontend frontend, int queues, Action onEvent)
    {
        _ring.Initialize();
        BlkFrontDevice.Grant(frontend, _segmentMemory, _segmentGrants);
        _channel = frontend.OpenChannel(Index);
        _channel.Connect(onEvent, queues > 1 ? Index : null);
        return new BlkFrontNumbers(frontend.Grant(_ringMemory, 0, isReadOnly: false), _channel.Port);
    }

    /// <summary>The halves are connected, and the other takes so many segments of a request.</summary>
    public void Describe(BlockDeviceInformation information, int maximumSegments)
    {
        MaximumSegments = maximumSegments;
        Information = information;
    }

    /// <summary>Ends the use of the ring, whose actor has ended, and answers what waits. What is in flight may still be done.</summary>
    public void Close()
    {
        LoseActor();
        _channel?.Disconnect();
        _channel = null;
        AbandonUngiven();
    }

    /// <inheritdoc/>
    /// <exception cref="XenViolationException">The other end broke the protocol.</exception>
    public override void Service()
    {
        do
        {
            while (_ring.TryTake(out var response))
            {
                End(in response);
            }

            Pump();
            Publish();
        }
        while (!_ring.TryAskForEvent());
    }

    /// <inheritdoc/>
    public override void Publish()
    {
        if (_channel is not null && _ring.Publish())
        {
            Counters.Notifications++;
            _channel.Notify();
        }
    }

    /// <inheritdoc/>
    public override bool IsViolation(Exception exception) => exception is XenViolationException;

    /// <inheritdoc/>
    protected override bool TryAddFlush(int place)
    {
        _ring.AddFlush(Name(place, BlockRingOperation.Flush), _handle);
        return true;
    }

    /// <inheritdoc/>
    protected override int SegmentsOf(in BlockOperation operation) => (operation.SectorCount + SectorsPerPage - 1) / SectorsPerPage;

    /// <inheritdoc/>
    protected override bool TryAdd(int place, [Borrowed] BlockBatch batch, int first, int count)
    {
        var operation = batch[first];
        if (operation.Kind == BlockOperationKind.Discard)
        {
            _ring.AddDiscard(Name(place, BlockRingOperation.Discard), _handle, operation.FirstSector, operation.SectorCount);
            return true;
        }

        var kind = operation.Kind == BlockOperationKind.Read ? BlockRingOperation.Read : BlockRingOperation.Write;
        var segments = _segments.AsSpan(0, FillSegments(batch, first, count));
        if (segments.Length > BlockRing.DirectSegments)
        {
            _ring.AddIndirectTransfer(kind, Name(place, kind, isIndirect: true), _handle, operation.FirstSector, segments, place, _segmentGrants[place]);
        }
        else
        {
            _ring.AddTransfer(kind, Name(place, kind), _handle, operation.FirstSector, segments);
        }

        return true;
    }

    /// <summary>A segment for each page of each operation's buffer.</summary>
    private int FillSegments([Borrowed] BlockBatch batch, int first, int count)
    {
        var filled = 0;
        for (var index = first; index < first + count; index++)
        {
            var page = batch.PeekBuffer(index).PoolOffset / PageBytes;
            for (var sectors = batch[index].SectorCount; sectors > 0; sectors -= SectorsPerPage)
            {
                _segments[filled++] = new BlockRingSegment(_bufferGrants[page++], Math.Min(sectors, SectorsPerPage));
            }
        }

        return filled;
    }

    /// <summary>A number for a request. Never the same twice in any queue, so that an answer to what was answered before is known for one.</summary>
    private ulong Name(int place, BlockRingOperation operation, bool isIndirect = false)
    {
        var id = (++_count * MaximumInFlight) + (ulong)place;
        _requests[place] = new Request(id, operation, isIndirect);
        return id;
    }

    private void End(in BlockRingResponse response)
    {
        var place = (int)(response.Id % MaximumInFlight);
        var request = _requests[place];
        if (!IsInFlight(place) || request.Id != response.Id)
        {
            throw new XenViolationException($"{_name} ended request {response.Id}, which is not in flight.");
        }

        End(place, Judge(in response, request));
    }

    /// <summary>What the other half says of a request, if it can be believed. It does not say how much of a read it has written.</summary>
    private BlockStatus Judge(in BlockRingResponse response, Request request)
    {
        // Linux answers a request with indirect segments as what it does, others as what it is.
        if (response.Operation != request.Operation && !(request.IsIndirect && response.Operation == BlockRingOperation.Indirect))
        {
            throw new XenViolationException($"{_name} ended a request {request.Operation} as {response.Operation}.");
        }

        return response.Status switch
        {
            BlockRingResponse.Okay => BlockStatus.Done,
            BlockRingResponse.Error => BlockStatus.DeviceFailed,
            // Whether nothing was done of what every disk can do is nobody's promise.
            BlockRingResponse.NotSupported => request.Operation is BlockRingOperation.Flush or BlockRingOperation.Discard ? BlockStatus.Unsupported : BlockStatus.DeviceFailed,
            _ => throw new XenViolationException($"{_name} ended a request with status {response.Status}."),
        };
    }
}
