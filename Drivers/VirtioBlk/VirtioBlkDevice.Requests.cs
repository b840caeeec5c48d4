// VIRTIO 1.2, section 5.2.6: device operation.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <content>Batches: from clients to the device and back.</content>
public sealed partial class VirtioBlkDevice
{
    /// <summary>What a place of <see cref="RequestMemory"/> is used for.</summary>
    private record struct Place(BlockSubmission? Submission, int Operation, int DataLength, bool IsRead);

    /// <summary>Stands for the flush of a batch, which is none of its operations.</summary>
    private const int FlushOperation = -1;

    private readonly Place[] _places;
    private readonly Stack<int> _freePlaces;
    private readonly int[] _placeOfHead;
    private readonly VirtqueueSegment[] _segments;
    private readonly Stack<BlockSubmission> _unused = new();

    // Batches with something to give to the device, the oldest first: operations, or the flush after them.
    private readonly Queue<BlockSubmission> _waiting = new();
    private int _segmentSize;
    private int _batches;

    /// <summary>
    /// Takes a batch, answers it at once if nothing can be done with it, and puts as much of it into the ring as there is room for; the device is shown that by <see cref="Publish"/>.
    /// </summary>
    public void Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Begin();
        if (!IsRunning || _batches == _options.MaximumBatches)
        {
            _counters.Refused += batch.EndAll(IsRunning ? BlockStatus.Busy : BlockStatus.DeviceReset);
            BlockBatch.Answer(batch, reply, _incarnation);
            return;
        }

        if (!_unused.TryPop(out var submission))
        {
            submission = new BlockSubmission();
        }

        submission.Take(batch, reply);
        _batches++;
        _waiting.Enqueue(submission);
        Pump();
    }

    /// <summary>Takes back every request that the device is done with, and puts what waits into the ring.</summary>
    internal void Service()
    {
        if (!IsRunning)
        {
            return;
        }

        do
        {
            _queue!.DisableInterrupts();
            while (_queue.TryTakeUsed(out var used))
            {
                End(in used);
            }

            Pump();
        }
        while (!_queue.TryEnableInterrupts());
    }

    /// <summary>Shows the device what was put into the ring since the last call, with one notification at most.</summary>
    internal void Publish()
    {
        if (IsRunning)
        {
            _queue!.Publish();
        }
    }

    private void Pump()
    {
        while (_waiting.TryPeek(out var submission) && TryIssue(submission))
        {
            _waiting.Dequeue();
            EndIfOver(submission);
        }
    }

    /// <summary>Puts what is left of a batch into the ring; false if there is no room for all of it now.</summary>
    private bool TryIssue(BlockSubmission submission)
    {
        if (submission.IsFlushing)
        {
            return TryAdd(RequestType.Flush, submission, FlushOperation, default, default);
        }

        for (; !submission.IsEverythingIssued; submission.Next++)
        {
            var operation = submission.Batch[submission.Next];
            var buffer = submission.Batch.PeekBuffer(submission.Next);
            var refusal = _information!.Check(in operation, buffer);
            if (refusal != BlockStatus.Pending)
            {
                _counters.Refused++;
                submission.Batch.EndOperation(submission.Next, refusal);
            }
            else if (!TryAdd(TypeOf(operation.Kind), submission, submission.Next, in operation, buffer))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAdd(RequestType type, BlockSubmission submission, int index, in BlockOperation operation, [Borrowed] BlockBuffer buffer)
    {
        if (!_freePlaces.TryPeek(out var place))
        {
            return false;
        }

        var count = 0;
        // Section 5.2.6.1: the sector of a discard or flush is 0; a discard's is in its data.
        _segments[count++] = _requests.Header(place, type, type is RequestType.Read or RequestType.Write ? operation.FirstSector : 0);
        var length = 0;
        if (type == RequestType.Discard)
        {
            _segments[count++] = _requests.Range(place, operation.FirstSector, operation.SectorCount);
        }
        else if (type != RequestType.Flush)
        {
            length = operation.SectorCount * BlockDeviceInformation.SectorSize;
            for (var done = 0; done < length;)
            {
                var part = Math.Min(length - done, _segmentSize);
                _segments[count++] = new VirtqueueSegment(_bufferMemory, buffer.PoolOffset + done, part, IsDeviceWritable: type == RequestType.Read);
                done += part;
            }
        }

        _segments[count++] = _requests.Status(place);
        if (!_queue!.TryAdd(_segments.AsSpan(0, count), out var head))
        {
            return false;
        }

        _freePlaces.Pop();
        _places[place] = new Place(submission, index, length, type == RequestType.Read);
        _placeOfHead[head] = place;
        submission.InFlight++;
        return true;
    }

    private void End(in UsedBuffer used)
    {
        var number = _placeOfHead[used.Head];
        var place = _places[number];
        var status = Judge(_requests.ReadStatus(number), in place, used.Length);
        _places[number] = default;
        _freePlaces.Push(number);
        Completed++;
        var submission = place.Submission!;
        submission.InFlight--;
        if (place.Operation == FlushOperation)
        {
            _counters.CountFlush(status);
            submission.Batch.EndFlush(status);
            Answer(submission);
            return;
        }

        _counters.Count(submission.Batch[place.Operation], status);
        submission.Batch.EndOperation(place.Operation, status);
        EndIfOver(submission);
    }

    /// <summary>What the device says of a request, if it can be believed.</summary>
    private BlockStatus Judge(byte status, in Place place, int written) => status switch
    {
        // What the device did not write would be what the buffer's last owner left in it.
        RequestMemory.StatusOk when place.IsRead && written < place.DataLength =>
            throw new DeviceViolationException($"{Name} read {place.DataLength} bytes and wrote {written}."),
        RequestMemory.StatusOk => BlockStatus.Done,
        RequestMemory.StatusIoError => BlockStatus.DeviceFailed,
        RequestMemory.StatusUnsupported => BlockStatus.Unsupported,
        _ => throw new DeviceViolationException($"{Name} ended a request with status {status}."),
    };

    /// <summary>If all operations of a batch are over: begins its flush, or answers it.</summary>
    private void EndIfOver(BlockSubmission submission)
    {
        if (submission.IsFlushing || submission.InFlight > 0 || !submission.IsEverythingIssued)
        {
            return;
        }

        if (submission.Batch.TryBeginFlush())
        {
            if (_information!.HasVolatileCache)
            {
                submission.IsFlushing = true;
                _waiting.Enqueue(submission);
                return;
            }

            // Section 5.2.6.2: without the feature a write is stable when it is completed.
            _counters.Flushes++;
            submission.Batch.EndFlush(BlockStatus.Done);
        }

        Answer(submission);
    }

    private void Answer(BlockSubmission submission)
    {
        var reply = submission.Reply;
        var batch = submission.Release();
        _batches--;
        _unused.Push(submission);
        BlockBatch.Answer(batch, reply, _incarnation);
    }

    /// <summary>Ends everything that waits or was in flight. Only after the device was reset.</summary>
    private void Abandon()
    {
        for (var place = 0; place < _places.Length; place++)
        {
            if (_places[place].Submission is { } submission)
            {
                _places[place] = default;
                _freePlaces.Push(place);
                // Once for all of its requests; it may wait as well, with what the device had no room for.
                AbandonOnce(submission);
            }
        }

        while (_waiting.TryDequeue(out var submission))
        {
            AbandonOnce(submission);
        }
    }

    private void AbandonOnce(BlockSubmission submission)
    {
        if (submission.Batch is not null)
        {
            _counters.LostInReset += submission.Batch.EndAll(BlockStatus.DeviceReset);
            Answer(submission);
        }
    }

    private static RequestType TypeOf(BlockOperationKind kind) => kind switch
    {
        BlockOperationKind.Read => RequestType.Read,
        BlockOperationKind.Write => RequestType.Write,
        BlockOperationKind.Discard => RequestType.Discard,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This is no operation."),
    };
}
