using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>Where console input goes: turns it into a message of whatever actor reads it. Immutable, and does nothing but <c>TryTell</c>.</summary>
[SendableByContract("Immutable, and does nothing but TryTell.")]
public abstract class ConsoleClient
{
    /// <summary>Hands input on. False: the reader's mailbox is full or gone, and the input is dropped and counted.</summary>
    public abstract bool TryDeliver(in ConsoleInput input);
}
