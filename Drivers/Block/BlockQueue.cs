using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Block;

/// <summary>
/// A queue of a block device, and how batches and interrupts come to it. Its methods run in the turns of one actor, but for those that say otherwise: the first queue's in the
/// driver's, each other's in its <see cref="BlockQueueActor"/>'s while that lives, and in the driver's when it does not.
/// </summary>
internal abstract class BlockQueue : BatchPump
{
    private readonly SingleSenderMailbox<BlockDeviceMessage, ProcessorMemory> _handedOn;
    private long _taken;
    private int _isHandedOn;
    private int _interrupted;
    private ActorRef<BlockDeviceMessage>? _actor;

    /// <summary>With places for so many requests at the device, and for so many batches that the driver hands on.</summary>
    protected BlockQueue(int index, int places, int maximumBatches)
        : base(places)
    {
        Index = index;
        _handedOn = new(new MailboxOptions { Capacity = maximumBatches, IsSingleSender = true });
    }

    /// <summary>Which of the device's queues it is.</summary>
    public int Index { get; }

    /// <summary>Notifications that its counters do not have yet.</summary>
    public virtual long UncountedNotifications => 0;

    /// <summary>Batches that it has and has not answered. In the driver's turns.</summary>
    public long Load => _taken - Answered;

    /// <summary>Whether it takes batches: the first queue is the driver's own, each other one needs its actor. In the driver's turns.</summary>
    public bool IsOpen => Index == 0 || _actor is not null;

    /// <summary>Takes a batch that was begun: at once, or by way of its actor. In the driver's turns.</summary>
    public void Submit(BlockBatch batch, Reply<BlockBatch> reply)
    {
        _taken++;
        if (Index == 0)
        {
            Accept(batch, reply);
            return;
        }

        // There is room: the driver lets no queue have more batches than that.
        _handedOn.Writer.TryWrite(BlockDeviceMessage.Submit(batch, reply));
        Ring(ref _isHandedOn);
    }

    /// <summary>Takes the batches that the driver has handed on.</summary>
    public void TakeHandedOn()
    {
        if (Take(ref _isHandedOn))
        {
            while (_handedOn.Reader.TryRead(out var message))
            {
                Accept(message.Batch!, message.BatchReply);
            }
        }
    }

    /// <summary>Takes back every request that the device is done with, and gives it what waits.</summary>
    public abstract void Service();

    /// <summary>Shows the device what it was given since the last call, with one notification at most.</summary>
    public abstract void Publish();

    /// <summary>Whether an exception says that the device broke the rules.</summary>
    public abstract bool IsViolation(Exception exception);

    /// <summary>Its interrupts, and batches handed on, become messages of this actor from now on. What came before has sent none: the actor begins with a look. In the driver's turns.</summary>
    public void ConnectActor(ActorRef<BlockDeviceMessage> actor)
    {
        ProcessorMemory.Exchange(ref _actor, actor);
        actor.TryTell(BlockDeviceMessage.Interrupt());
    }

    /// <summary>Runs on a worker, outside the actor's turns: sets a flag, which every message looks at, and sends one.</summary>
    public void OnInterrupt() => Ring(ref _interrupted);

    /// <summary>Whether there was an interrupt since the last call.</summary>
    public bool TakeInterrupt()
    {
        if (!Take(ref _interrupted))
        {
            return false;
        }

        Counters.Interrupts++;
        return true;
    }

    /// <summary>Its actor has ended.</summary>
    protected void LoseActor() => ProcessorMemory.StoreRelease(ref _actor, null);

    /// <summary>Answers what the device knows nothing of, whether its actor was told of it or not; nothing waits any more.</summary>
    protected void AbandonUngiven()
    {
        AbandonWaiting();
        while (_handedOn.Reader.TryRead(out var message))
        {
            Abandon(message.Batch!, message.BatchReply);
        }
    }

    private void Ring(ref int flag)
    {
        if (ProcessorMemory.Exchange(ref flag, 1) == 0)
        {
            ProcessorMemory.LoadAcquire(ref _actor)?.TryTell(BlockDeviceMessage.Interrupt());
        }
    }

    private static bool Take(ref int flag) => ProcessorMemory.LoadAcquire(ref flag) != 0 && ProcessorMemory.Exchange(ref flag, 0) != 0;
}
