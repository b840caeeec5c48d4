using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>One opening of a console port: what a client needs to use it, and what tells this opening from the next.</summary>
[Sendable]
public sealed class ConsolePortInformation
{
    /// <summary>Where the device is, for logs.</summary>
    public required string Device { get; init; }

    /// <summary>The port's name; empty for the console.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Where buffers to send are rented. They are all that can be on their way at once: a client that finds none waits for <see cref="ConsolePortEventKind.Sent"/>, and so is held back by a host
    /// that does not read.
    /// </summary>
    public required FramePool SendBuffers { get; init; }
}
