using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Drivers.Queues;

/// <summary>
/// The actors of a device's queues beside the first: children of the driver's actor, of one incarnation of it, and used in its turns. They end before the device is reset, stopped
/// or given another client, so nobody touches a ring meanwhile; what they had in their mailboxes is lost, as in any reset. One that fails takes the driver's along, whose supervisor restarts it.
/// </summary>
/// <param name="wake">Has the driver's actor look at <see cref="HaveViolation"/>. Called in a turn of one of these actors.</param>
internal sealed class FurtherQueues<[Sendable] TMessage>(Action wake)
{
    private ActorRef<TMessage>[] _actors = [];
    private int _violated;

    /// <summary>Whether they live.</summary>
    public bool AreOpen => _actors.Length > 0;

    /// <summary>Whether the device broke the rules in one of them.</summary>
    public bool HaveViolation => AreOpen && ProcessorMemory.LoadAcquire(ref _violated) != 0;

    /// <summary>Those that live: the first is the second queue's.</summary>
    public ReadOnlySpan<ActorRef<TMessage>> Actors => _actors;

    /// <summary>Gives each queue its actor. Those of the time before have ended.</summary>
    /// <param name="driver">The driver's own.</param>
    /// <param name="queues">The queues beside the first.</param>
    /// <param name="spawn">Begins the actor of a queue, as a child of the driver's whose failure is the driver's too. It calls the action, in a turn, when the device breaks the rules there.</param>
    public void Open<TQueue>(ActorContext<TMessage> driver, ReadOnlySpan<TQueue> queues, Func<ActorContext<TMessage>, TQueue, Action, ActorRef<TMessage>> spawn)
    {
        ProcessorMemory.StoreRelease(ref _violated, 0);
        _actors = queues.Length == 0 ? [] : new ActorRef<TMessage>[queues.Length];
        for (var index = 0; index < queues.Length; index++)
        {
            _actors[index] = spawn(driver, queues[index], OnViolation);
        }
    }

    /// <summary>Ends them. When it completes, nobody but the driver's actor touches the device.</summary>
    public async ValueTask CloseAsync()
    {
        foreach (var actor in _actors)
        {
            await actor.StopAsync(drain: false);
        }

        _actors = [];
    }

    private void OnViolation()
    {
        // Seen before the mailbox is found full: whoever empties it looks.
        ProcessorMemory.Exchange(ref _violated, 1);
        wake();
    }
}
