using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Queues;

namespace Troupe.Drivers.Network;

/// <summary>Which queue of several sends a batch: that of its flow (<see cref="FlowHash"/>).</summary>
internal static class FlowSteering
{
    /// <summary>Who sends the frames; null: the driver's actor does itself, by the first queue.</summary>
    public static ActorRef<NetworkDeviceMessage>? SenderOf(this FurtherQueues<NetworkDeviceMessage> further, [Borrowed] FrameBatch frames)
    {
        if (!further.AreOpen)
        {
            return null;
        }

        try
        {
            // A batch is of one flow: who sends one writes one header for all its frames.
            var queue = frames.Count == 0 ? 0 : FlowHash.Queue(frames[0].Data, further.Actors.Length + 1);
            return queue == 0 ? null : further.Actors[queue - 1];
        }
        catch (InvalidOperationException)
        {
            // It was given back already: the driver's own turn fails over it.
            return null;
        }
    }
}
