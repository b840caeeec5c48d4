using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>
/// The actors of a device's queues beside the first: children of the driver's actor, of one incarnation of it, and used in its turns. They end before the device is reset, stopped
/// or given another client, so nobody touches a ring meanwhile; what they had in their mailboxes is lost, as in any reset. One that fails takes the driver's along, whose supervisor restarts it.
/// </summary>
/// <param name="wake">Has the driver's actor look at <see cref="HaveViolation"/>. Called in a turn of one of these actors.</param>
internal sealed class FurtherQueues(Action wake)
{
    private ActorRef<NetworkDeviceMessage>[] _actors = [];
    private int _violated;

    /// <summary>Whether they live.</summary>
    public bool AreOpen => _actors.Length > 0;

    /// <summary>Whether the device broke the rules in one of them.</summary>
    public bool HaveViolation => AreOpen && ProcessorMemory.LoadAcquire(ref _violated) != 0;

    /// <summary>Gives each queue its actor.</summary>
    public void Open<TQueue>(ActorContext<NetworkDeviceMessage> driver, ReadOnlySpan<TQueue> queues)
        where TQueue : class, INetworkQueue
    {
        ProcessorMemory.StoreRelease(ref _violated, 0);
        _actors = new ActorRef<NetworkDeviceMessage>[queues.Length];
        for (var index = 0; index < queues.Length; index++)
        {
            var actor = new NetworkQueueActor(queues[index], OnViolation);
            _actors[index] = driver.Spawn(actor, new SpawnOptions { Name = $"queue pair {queues[index].Index}", OnFailure = FailurePolicy.Escalate, WaitsFor = [] });
            driver.System.AddWaits(driver.Self, _actors[index]);
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

    /// <summary>Who sends the frames; null: the driver's actor does itself, by the first queue.</summary>
    public ActorRef<NetworkDeviceMessage>? SenderOf([Borrowed] FrameBatch frames)
    {
        if (!AreOpen)
        {
            return null;
        }

        try
        {
            // A batch is of one flow: who sends one writes one header for all its frames.
            var queue = frames.Count == 0 ? 0 : FlowHash.Queue(frames[0].Data, _actors.Length + 1);
            return queue == 0 ? null : _actors[queue - 1];
        }
        catch (InvalidOperationException)
        {
            // It was given back already: the driver's own turn fails over it.
            return null;
        }
    }

    private void OnViolation()
    {
        ProcessorMemory.StoreRelease(ref _violated, 1);
        wake();
    }
}
