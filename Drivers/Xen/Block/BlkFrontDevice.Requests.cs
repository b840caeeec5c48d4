// xen/include/public/io/blkif.h: requests and responses. In the driver's turns alone.
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <content>Batches: from clients to the other half and back.</content>
public sealed partial class BlkFrontDevice
{
    /// <summary>A request in flight.</summary>
    private record struct Place(BlockSubmission? Submission, int Index, ulong Id, BlockRingOperation Operation, bool IsIndirect);

    /// <summary>Stands for the flush of a batch, which is none of its operations.</summary>
    private const int FlushIndex = -1;

    private const int SectorsPerPage = PageBytes / BlockDeviceInformation.SectorSize;

    private readonly Place[] _places = new Place[MaximumInFlight];
    private readonly Stack<int> _freePlaces;
    private readonly Stack<BlockSubmission> _unused = new();

    // Batches with something to give to the other half, the oldest first: operations, or the flush after them.
    private readonly Queue<BlockSubmission> _waiting = new();
    private int _segments;
    private int _batches;
    private ulong _requests;

    /// <summary>Takes a batch, answers it at once if nothing can be done with it, and gives the other half as much as it has room for.</summary>
    internal void Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
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

    /// <summary>Takes back every request that is over, and gives the other half what waits.</summary>
    /// <exception cref="XenViolationException">The other end broke the protocol.</exception>
    internal void Service()
    {
        if (!IsRunning)
        {
            return;
        }

        do
        {
            while (_ring.TryTake(out var response))
            {
                End(in response);
            }

            Pump();
        }
        while (!_ring.TryAskForEvent());
    }

    private void Pump()
    {
        while (_waiting.TryPeek(out var submission) && TryIssue(submission))
        {
            _waiting.Dequeue();
            EndIfOver(submission);
        }

        if (_ring.Publish())
        {
            _counters.Notifications++;
            _channel!.Notify();
        }
    }

    /// <summary>Gives the other half what is left of a batch; false if it has no room for all of it now.</summary>
    private bool TryIssue(BlockSubmission submission)
    {
        if (submission.IsFlushing)
        {
            return TryAdd(BlockRingOperation.Flush, submission, FlushIndex, default, default);
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
            else if (!TryAdd(OperationOf(operation.Kind), submission, submission.Next, in operation, buffer))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryAdd(BlockRingOperation kind, BlockSubmission submission, int index, in BlockOperation operation, [Borrowed] BlockBuffer buffer)
    {
        if (!_freePlaces.TryPeek(out var place))
        {
            return false;
        }

        // Never the same twice, so that an answer to what was answered before is known for one.
        var id = (++_requests * MaximumInFlight) + (ulong)place;
        var isIndirect = false;
        switch (kind)
        {
            case BlockRingOperation.Flush:
                _ring.AddFlush(id, _handle);
                break;
            case BlockRingOperation.Discard:
                _ring.AddDiscard(id, _handle, operation.FirstSector, operation.SectorCount);
                break;
            case BlockRingOperation.Read:
            case BlockRingOperation.Write:
            case BlockRingOperation.Indirect:
            default:
                var grants = _bufferGrants.AsSpan(buffer.PoolOffset / PageBytes, _options.BufferSize / PageBytes);
                isIndirect = operation.SectorCount > BlockRing.DirectSegments * SectorsPerPage;
                if (isIndirect)
                {
                    _ring.AddIndirectTransfer(kind, id, _handle, operation.FirstSector, operation.SectorCount, grants, place, _segmentGrants[place]);
                }
                else
                {
                    _ring.AddTransfer(kind, id, _handle, operation.FirstSector, operation.SectorCount, grants);
                }

                break;
        }

        _freePlaces.Pop();
        _places[place] = new Place(submission, index, id, kind, isIndirect);
        submission.InFlight++;
        return true;
    }

    private void End(in BlockRingResponse response)
    {
        var number = (int)(response.Id % MaximumInFlight);
        var place = _places[number];
        if (place.Submission is not { } submission || place.Id != response.Id)
        {
            throw new XenViolationException($"{Name} ended request {response.Id}, which is not in flight.");
        }

        var status = Judge(in response, in place);
        _places[number] = default;
        _freePlaces.Push(number);
        Completed++;
        submission.InFlight--;
        if (place.Index == FlushIndex)
        {
            _counters.CountFlush(status);
            submission.Batch.EndFlush(status);
            Answer(submission);
            return;
        }

        _counters.Count(submission.Batch[place.Index], status);
        submission.Batch.EndOperation(place.Index, status);
        EndIfOver(submission);
    }

    /// <summary>What the other half says of a request, if it can be believed. It does not say how much of a read it has written.</summary>
    private BlockStatus Judge(in BlockRingResponse response, in Place place)
    {
        // Linux answers a request with indirect segments as what it does, others as what it is.
        if (response.Operation != place.Operation && !(place.IsIndirect && response.Operation == BlockRingOperation.Indirect))
        {
            throw new XenViolationException($"{Name} ended a request {place.Operation} as {response.Operation}.");
        }

        return response.Status switch
        {
            BlockRingResponse.Okay => BlockStatus.Done,
            BlockRingResponse.Error => BlockStatus.DeviceFailed,
            // Whether nothing was done of what every disk can do is nobody's promise.
            BlockRingResponse.NotSupported => place.Operation is BlockRingOperation.Flush or BlockRingOperation.Discard ? BlockStatus.Unsupported : BlockStatus.DeviceFailed,
            _ => throw new XenViolationException($"{Name} ended a request with status {response.Status}."),
        };
    }

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

            // Without the feature there is no cache to flush: a write is stable when it is completed.
            _counters.CountFlush(BlockStatus.Done);
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

    /// <summary>Ends what waits and of which the other half knows nothing.</summary>
    private void AbandonWaiting()
    {
        while (_waiting.TryDequeue(out var submission))
        {
            if (submission.InFlight == 0)
            {
                Abandon(submission);
            }
        }
    }

    /// <summary>Ends everything that was in flight. Only when the other half cannot reach it any more.</summary>
    private void AbandonInFlight()
    {
        for (var number = 0; number < _places.Length; number++)
        {
            if (_places[number].Submission is { } submission)
            {
                _places[number] = default;
                _freePlaces.Push(number);
                // Once for all of its requests.
                if (--submission.InFlight == 0)
                {
                    Abandon(submission);
                }
            }
        }
    }

    private void Abandon(BlockSubmission submission)
    {
        _counters.LostInReset += submission.Batch.EndAll(BlockStatus.DeviceReset);
        Answer(submission);
    }

    private static BlockRingOperation OperationOf(BlockOperationKind kind) => kind switch
    {
        BlockOperationKind.Read => BlockRingOperation.Read,
        BlockOperationKind.Write => BlockRingOperation.Write,
        BlockOperationKind.Discard => BlockRingOperation.Discard,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This is no operation."),
    };
}
