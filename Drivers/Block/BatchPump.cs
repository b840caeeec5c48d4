using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Block;

/// <summary>
/// Makes requests of clients' batches as the device has room for them, and answers each batch when all of its requests are over: what every queue of a block device does, whatever a
/// request looks like there. Operations of a batch that go on where the one before ends are one request, as long as it may be: a device takes time for each.
/// Nothing is allocated once there were as many batches before. Not thread-safe: one actor's turns.
/// </summary>
internal abstract class BatchPump
{
    /// <summary>Which operations of which batch have a place: the first of them, and how many.</summary>
    private record struct Place(BlockSubmission? Submission, int First, int Count);

    /// <summary>Stands for the flush of a batch, which is none of its operations.</summary>
    private const int FlushOperation = -1;

    private readonly Place[] _places;
    private readonly Stack<int> _freePlaces;
    private readonly Stack<BlockSubmission> _unused = new();

    // Batches with something to give to the device, the oldest first: operations, or the flush after them.
    private readonly Queue<BlockSubmission> _waiting = new();
    private BlockDeviceInformation? _information;
    private long _answered;

    /// <summary>With places for so many requests at the device at the same time.</summary>
    protected BatchPump(int places)
    {
        _places = new Place[places];
        _freePlaces = new Stack<int>(Enumerable.Range(0, places).Reverse());
    }

    /// <summary>What it counted.</summary>
    public BlockDeviceCounters Counters { get; } = new();

    /// <summary>What operations are checked against. May be changed from outside the actor's turns.</summary>
    public BlockDeviceInformation? Information
    {
        get => ProcessorMemory.LoadAcquire(ref _information);
        set => ProcessorMemory.StoreRelease(ref _information, value);
    }

    /// <summary>The most segments (<see cref="SegmentsOf"/>) that the data of a request has; any one operation has as many at most. Set before <see cref="Information"/> is.</summary>
    public int MaximumSegments { get; protected set; }

    /// <summary>Requests at the device.</summary>
    public int InFlight => _places.Length - _freePlaces.Count;

    /// <summary>A number that moves on whenever a request is over.</summary>
    public long Completed { get; private set; }

    /// <summary>Batches that were answered. May be read from outside the actor's turns.</summary>
    public long Answered => ProcessorMemory.LoadAcquire(ref _answered);

    /// <summary>Takes a batch that was begun (<see cref="BlockBatch.Begin"/>), and gives the device as much of it as there is room for.</summary>
    public void Accept(BlockBatch batch, Reply<BlockBatch> reply)
    {
        if (!_unused.TryPop(out var submission))
        {
            submission = new BlockSubmission();
        }

        submission.Take(batch, reply);
        _waiting.Enqueue(submission);
        Pump();
    }

    /// <summary>Gives the device what waits, as far as there is room.</summary>
    protected void Pump()
    {
        while (_waiting.TryPeek(out var submission) && TryIssue(submission))
        {
            _waiting.Dequeue();
            EndIfOver(submission);
        }
    }

    /// <summary>Segments of an operation's data at the device.</summary>
    protected abstract int SegmentsOf(in BlockOperation operation);

    /// <summary>
    /// Gives the device a request, which it will name by its place when it is over: operations of the batch that go on where the one before ends, all reads or all writes, or a single discard.
    /// False: there is no room now.
    /// </summary>
    protected abstract bool TryAdd(int place, [Borrowed] BlockBatch batch, int first, int count);

    /// <summary>The same with a flush.</summary>
    protected abstract bool TryAddFlush(int place);

    /// <summary>Whether there is a request with that place at the device.</summary>
    protected bool IsInFlight(int place) => _places[place].Submission is not null;

    /// <summary>The request of a place is over.</summary>
    protected void End(int place, BlockStatus status)
    {
        var (submission, first, count) = _places[place];
        Free(place);
        Completed++;
        submission!.InFlight--;
        if (first == FlushOperation)
        {
            Counters.CountFlush(status);
            submission.Batch.EndFlush(status);
            Answer(submission);
            return;
        }

        for (var operation = first; operation < first + count; operation++)
        {
            Counters.Count(submission.Batch[operation], status);
            submission.Batch.EndOperation(operation, status);
        }

        EndIfOver(submission);
    }

    /// <summary>Answers a batch that was begun, and of which the device knows nothing, with <see cref="BlockStatus.DeviceReset"/>.</summary>
    protected void Abandon(BlockBatch batch, Reply<BlockBatch> reply)
    {
        Counters.LostInReset += batch.EndAll(BlockStatus.DeviceReset);
        Answer(batch, reply);
    }

    /// <summary>Answers what waits and of which the device knows nothing with <see cref="BlockStatus.DeviceReset"/>; nothing waits any more.</summary>
    protected void AbandonWaiting()
    {
        while (_waiting.TryDequeue(out var submission))
        {
            if (submission.InFlight == 0)
            {
                Abandon(submission);
            }
        }
    }

    /// <summary>
    /// Answers what is at the device with <see cref="BlockStatus.DeviceReset"/>. Only when nothing waits, and the device can reach its buffers no more, or nobody will use them for anything else.
    /// </summary>
    public void AbandonInFlight()
    {
        for (var place = 0; place < _places.Length; place++)
        {
            if (_places[place].Submission is { } submission)
            {
                Free(place);
                // Once for all of its requests.
                if (--submission.InFlight == 0)
                {
                    Abandon(submission);
                }
            }
        }
    }

    /// <summary>Gives the device what is left of a batch; false if there is no room for all of it now.</summary>
    private bool TryIssue(BlockSubmission submission)
    {
        if (submission.IsFlushing)
        {
            return _freePlaces.TryPeek(out var place) && TryAddFlush(place) && Occupy(submission, FlushOperation, 1);
        }

        var information = Information!;
        while (!submission.IsEverythingIssued)
        {
            var first = submission.Next;
            var refusal = Check(information, submission.Batch, first);
            if (refusal != BlockStatus.Pending)
            {
                Counters.Refused++;
                submission.Batch.EndOperation(first, refusal);
                submission.Next++;
                continue;
            }

            var count = CountJoined(information, submission.Batch, first);
            if (!_freePlaces.TryPeek(out var place) || !TryAdd(place, submission.Batch, first, count))
            {
                return false;
            }

            Occupy(submission, first, count);
            submission.Next += count;
        }

        return true;
    }

    /// <summary>How many operations of a batch are one request, from one on that the device can do.</summary>
    private int CountJoined(BlockDeviceInformation information, [Borrowed] BlockBatch batch, int first)
    {
        var operation = batch[first];
        if (operation.Kind == BlockOperationKind.Discard)
        {
            return 1;
        }

        var segments = SegmentsOf(in operation);
        var end = operation.FirstSector + operation.SectorCount;
        var next = first + 1;
        for (; next < batch.Count; next++)
        {
            var following = batch[next];
            if (following.Kind != operation.Kind || following.FirstSector != end || Check(information, batch, next) != BlockStatus.Pending
                || (segments += SegmentsOf(in following)) > MaximumSegments)
            {
                break;
            }

            end += following.SectorCount;
        }

        return next - first;
    }

    private static BlockStatus Check(BlockDeviceInformation information, [Borrowed] BlockBatch batch, int index)
    {
        var operation = batch[index];
        return information.Check(in operation, batch.PeekBuffer(index));
    }

    private bool Occupy(BlockSubmission submission, int first, int count)
    {
        _places[_freePlaces.Pop()] = new Place(submission, first, count);
        submission.InFlight++;
        return true;
    }

    private void Free(int place)
    {
        _places[place] = default;
        _freePlaces.Push(place);
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
            if (Information!.HasVolatileCache)
            {
                submission.IsFlushing = true;
                _waiting.Enqueue(submission);
                return;
            }

            // Without a cache a write is stable when it is completed.
            Counters.CountFlush(BlockStatus.Done);
            submission.Batch.EndFlush(BlockStatus.Done);
        }

        Answer(submission);
    }

    private void Abandon(BlockSubmission submission)
    {
        var reply = submission.Reply;
        Abandon(Release(submission), reply);
    }

    private void Answer(BlockSubmission submission)
    {
        var reply = submission.Reply;
        Answer(Release(submission), reply);
    }

    private BlockBatch Release(BlockSubmission submission)
    {
        var batch = submission.Release();
        _unused.Push(submission);
        return batch;
    }

    private void Answer(BlockBatch batch, Reply<BlockBatch> reply)
    {
        // Before the client can know of it: whoever has an answer finds that many fewer here.
        ProcessorMemory.StoreRelease(ref _answered, _answered + 1);
        BlockBatch.Answer(batch, reply, Information!.Incarnation);
    }
}
