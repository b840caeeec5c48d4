using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>Interrupts of one queue on their way to the messages of its actor. None is lost even when the mailbox is full: a full mailbox has messages to handle, and each looks.</summary>
internal sealed class QueueInterrupts(NetworkDeviceCounters counters)
{
    private int _interrupted;
    private ActorRef<NetworkDeviceMessage>? _actor;

    /// <summary>They become messages of this actor from now on. One that came before has sent none: the actor begins with a look at the rings.</summary>
    public void ConnectActor(ActorRef<NetworkDeviceMessage> actor) => ProcessorMemory.Exchange(ref _actor, actor);

    /// <summary>Runs on a worker, outside the actor's turns: sets a flag, which every message looks at, and sends one.</summary>
    public void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            ProcessorMemory.LoadAcquire(ref _actor)?.TryTell(NetworkDeviceMessage.Interrupt());
        }
    }

    /// <summary>Whether there was one since the last call.</summary>
    public bool TryTake()
    {
        if (ProcessorMemory.LoadAcquire(ref _interrupted) == 0 || ProcessorMemory.Exchange(ref _interrupted, 0) == 0)
        {
            return false;
        }

        counters.Interrupts++;
        return true;
    }
}
