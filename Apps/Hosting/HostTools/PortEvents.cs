using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Hosting.HostTools;

/// <summary>Hands the events of a port to an actor whose messages they are.</summary>
internal sealed class PortEvents(ActorRef<ConsolePortEvent> receiver) : ConsolePortClient
{
    /// <inheritdoc/>
    protected override bool TryTell([MovesWhen(true)] in ConsolePortEvent portEvent) => receiver.TryTell(portEvent);
}
