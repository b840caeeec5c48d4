// VIRTIO 1.2, section 5.2.6: device operation.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <content>Requests: what they look like in the ring, and what the device says of them.</content>
internal sealed partial class RequestQueue
{
    /// <summary>What a request moves: its place is one of <see cref="RequestMemory"/> too.</summary>
    private record struct Transfer(int Length, bool IsRead);

    private readonly Transfer[] _transfers;
    private readonly int[] _placeOfHead;
    private readonly VirtqueueSegment[] _segments;
    private int _segmentSize;

    /// <inheritdoc/>
    protected override bool TryAddFlush(int place)
    {
        _segments[0] = _requests.Header(place, RequestType.Flush, 0);
        return TryAddWithStatus(place, 1, default);
    }

    /// <inheritdoc/>
    protected override int SegmentsOf(in BlockOperation operation) => 1 + ((LengthOf(in operation) - 1) / _segmentSize);

    /// <inheritdoc/>
    protected override bool TryAdd(int place, [Borrowed] BlockBatch batch, int first, int count)
    {
        var operation = batch[first];
        if (operation.Kind == BlockOperationKind.Discard)
        {
            // Section 5.2.6.1: the sector of a discard or flush is 0; a discard's is in its data.
            _segments[0] = _requests.Header(place, RequestType.Discard, 0);
            _segments[1] = _requests.Range(place, operation.FirstSector, operation.SectorCount);
            return TryAddWithStatus(place, 2, default);
        }

        var isRead = operation.Kind == BlockOperationKind.Read;
        _segments[0] = _requests.Header(place, isRead ? RequestType.Read : RequestType.Write, operation.FirstSector);
        var segments = 1;
        var length = 0;
        for (var index = first; index < first + count; index++)
        {
            operation = batch[index];
            AddSegments(LengthOf(in operation), batch.PeekBuffer(index).PoolOffset, isRead, ref segments);
            length += LengthOf(in operation);
        }

        return TryAddWithStatus(place, segments, new Transfer(length, isRead));
    }

    private void AddSegments(int length, int offset, bool isRead, ref int count)
    {
        for (var done = 0; done < length;)
        {
            var part = Math.Min(length - done, _segmentSize);
            _segments[count++] = new VirtqueueSegment(_bufferMemory, offset + done, part, IsDeviceWritable: isRead);
            done += part;
        }
    }

    private static int LengthOf(in BlockOperation operation) => operation.SectorCount * BlockDeviceInformation.SectorSize;

    private bool TryAddWithStatus(int place, int count, Transfer transfer)
    {
        _segments[count++] = _requests.Status(place);
        if (!_ring!.TryAdd(_segments.AsSpan(0, count), out var head))
        {
            return false;
        }

        _transfers[place] = transfer;
        _placeOfHead[head] = place;
        return true;
    }

    private void End(in UsedBuffer used)
    {
        var place = _placeOfHead[used.Head];
        End(place, Judge(_requests.ReadStatus(place), _transfers[place], used.Length));
    }

    /// <summary>What the device says of a request, if it can be believed.</summary>
    private BlockStatus Judge(byte status, Transfer transfer, int written) => status switch
    {
        // What the device did not write would be what the buffer's last owner left in it.
        RequestMemory.StatusOk when transfer.IsRead && written < transfer.Length =>
            throw new DeviceViolationException($"{_name} read {transfer.Length} bytes and wrote {written}."),
        RequestMemory.StatusOk => BlockStatus.Done,
        RequestMemory.StatusIoError => BlockStatus.DeviceFailed,
        RequestMemory.StatusUnsupported => BlockStatus.Unsupported,
        _ => throw new DeviceViolationException($"{_name} ended a request with status {status}."),
    };
}
