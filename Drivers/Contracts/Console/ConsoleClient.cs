using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>Where console input goes: a message to whatever actor reads it, or a buffer that a thread reads. It is called in the driver's turn and must not wait.</summary>
[SendableByContract("It hands input on without waiting, and whoever reads it on another thread locks its own buffer.")]
public abstract class ConsoleClient
{
    /// <summary>
    /// Hands input on. False: there is no room, and the driver keeps the input and reads no more until <see cref="ConsoleMessage.Resume"/>;
    /// meanwhile the device holds the sender back, or overruns.
    /// </summary>
    public abstract bool TryDeliver(in ConsoleInput input);
}
