using Troupe.Actors;
using Troupe.Core.Memory;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Block;

/// <summary>
/// The actors of a device's queues beside the first: children of the driver's actor, of one incarnation of it, and used in its turns. They end before the device is reset or stopped,
/// so nobody touches a ring meanwhile. One that fails takes the driver's along, whose supervisor restarts it.
/// </summary>
/// <param name="wake">Has the driver's actor look at <see cref="HaveViolation"/>. Called in a turn of one of these actors.</param>
internal sealed class FurtherQueues(Action wake)
{
    private ActorRef<BlockDeviceMessage>[] _actors = [];
    private int _violated;

    /// <summary>Whether they live.</summary>
    public bool AreOpen => _actors.Length > 0;

    /// <summary>Whether the device broke the rules in one of them.</summary>
    public bool HaveViolation => AreOpen && ProcessorMemory.LoadAcquire(ref _violated) != 0;

    /// <summary>Gives each queue its actor. Those of the time before have ended.</summary>
    public void Open<TQueue>(ActorContext<BlockDeviceMessage> driver, ReadOnlySpan<TQueue> queues)
        where TQueue : BlockQueue
    {
        ProcessorMemory.StoreRelease(ref _violated, 0);
        _actors = queues.Length == 0 ? [] : new ActorRef<BlockDeviceMessage>[queues.Length];
        for (var index = 0; index < queues.Length; index++)
        {
            var actor = new BlockQueueActor(queues[index], OnViolation);
            _actors[index] = driver.Spawn(actor, new SpawnOptions { Name = $"queue {queues[index].Index}", OnFailure = FailurePolicy.Escalate, WaitsFor = [] });
            queues[index].ConnectActor(_actors[index]);
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
        ProcessorMemory.Exchange(ref _violated, 1);
        wake();
    }
}
