using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>
/// A queue of a network device as its actor sees it: a ring for each direction, interrupts of its own, and what it counted. Its methods run in the turns of one actor: the first
/// queue's in the driver's, each other's in its <see cref="NetworkQueueActor"/>'s while that lives, and in the driver's when it does not.
/// </summary>
internal interface INetworkQueue
{
    /// <summary>Which of the device's queues it is.</summary>
    int Index { get; }

    /// <summary>The interrupts of a queue beside the first.</summary>
    QueueInterrupts Interrupts { get; }

    /// <summary>Whether packets were left in the ring because there was no room for them; no interrupt tells when there is, so <see cref="Service"/> has to look again.</summary>
    bool IsHeldBack { get; }

    /// <summary>Whether so few receive buffers are with the device that frames given back later must be looked for, by a timer.</summary>
    bool IsStarved { get; }

    /// <summary>Sends every frame of the batch, or drops and counts it, and disposes the batch.</summary>
    void Transmit(FrameBatch batch);

    /// <summary>
    /// Hands on up to a turn's budget of received frames, refills the ring, and takes back sent frames. True: more is waiting and no interrupt will tell of it.
    /// </summary>
    bool Service();

    /// <summary>Gives the device receive buffers if there are frames again. Called by a timer.</summary>
    void CatchUp();

    /// <summary>Whether the exception says that the device broke the rules of a ring.</summary>
    bool IsViolation(Exception exception);
}
