// VIRTIO 1.2, section 5.2.2: requestq N of a block device.
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;
using Troupe.Drivers.Block;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>
/// One queue of a block device: its ring, the memory of its requests, and the batches that it has. Its methods run in the turns of one actor, but for those that say otherwise: the
/// first queue's in the driver's, each other's in its <see cref="RequestQueueActor"/>'s while that lives, and in the driver's when it does not. The parts: .Requests.
/// </summary>
internal sealed partial class RequestQueue : BatchPump
{
    private readonly string _name;
    private readonly DmaBlock _bufferMemory;
    private readonly RequestMemory _requests;
    private readonly SingleSenderMailbox<BlockDeviceMessage, ProcessorMemory> _handedOn;
    private Virtqueue? _ring;
    private long _taken;
    private int _isHandedOn;
    private int _interrupted;
    private ActorRef<BlockDeviceMessage>? _actor;

    public RequestQueue(int index, string name, DmaArena arena, DmaBlock bufferMemory, VirtioBlkOptions options)
        : base(options.MaximumInFlight)
    {
        Index = index;
        _name = name;
        _bufferMemory = bufferMemory;
        _requests = new RequestMemory(arena.Allocate(options.MaximumInFlight * RequestMemory.Stride, RequestMemory.Stride));
        _handedOn = new(new MailboxOptions { Capacity = options.MaximumBatches, IsSingleSender = true });
        _transfers = new Transfer[options.MaximumInFlight];
        _placeOfHead = new int[options.RingSizeLimit];
        _segments = new VirtqueueSegment[options.RingSizeLimit];
    }

    /// <summary>Which of the device's queues it is.</summary>
    public int Index { get; }

    /// <summary>Notifications since the last start.</summary>
    public long Notifications => _ring?.Notifications ?? 0;

    /// <summary>Batches that it has and has not answered. In the driver's turns.</summary>
    public long Load => _taken - Answered;

    /// <summary>Whether it takes batches: the first queue is the driver's own, each other one needs its actor. In the driver's turns.</summary>
    public bool IsOpen => Index == 0 || _actor is not null;

    /// <summary>Descriptors of its ring.</summary>
    public int Size => _ring!.Size;

    /// <summary>Takes its ring, which the device was just told of.</summary>
    public void Start(Virtqueue ring) => _ring = ring;

    /// <summary>What operations are checked against from now on, and the most bytes of a segment.</summary>
    public void Describe(BlockDeviceInformation information, int segmentSize)
    {
        Information = information;
        _segmentSize = segmentSize;
    }

    /// <summary>The device is about to be reset, and its actor has ended: until the reset is seen complete buffers stay where they are, and memory in quarantine.</summary>
    public void Retire()
    {
        ProcessorMemory.StoreRelease(ref _actor, null);
        Counters.Notifications += Notifications;
        _ring?.Dispose();
        _ring = null;
    }

    /// <summary>The device was reset: ends everything that was handed on, waited or was in flight.</summary>
    public void Abandon()
    {
        AbandonWaiting();
        AbandonInFlight();
        // Whether its actor was told of them or not.
        while (_handedOn.Reader.TryRead(out var message))
        {
            Abandon(message.Batch!, message.BatchReply);
        }
    }

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

    /// <summary>Takes back every request that the device is done with, and puts what waits into the ring.</summary>
    public void Service()
    {
        do
        {
            _ring!.DisableInterrupts();
            while (_ring.TryTakeUsed(out var used))
            {
                End(in used);
            }

            Pump();
        }
        while (!_ring.TryEnableInterrupts());
    }

    /// <summary>Shows the device what was put into the ring since the last call, with one notification at most.</summary>
    public void Publish() => _ring?.Publish();

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

    private void Ring(ref int flag)
    {
        if (ProcessorMemory.Exchange(ref flag, 1) == 0)
        {
            ProcessorMemory.LoadAcquire(ref _actor)?.TryTell(BlockDeviceMessage.Interrupt());
        }
    }

    private static bool Take(ref int flag) => ProcessorMemory.LoadAcquire(ref flag) != 0 && ProcessorMemory.Exchange(ref flag, 0) != 0;
}
