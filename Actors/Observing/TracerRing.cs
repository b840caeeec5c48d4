using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>A ring of one tracer, and the thread that writes it; none: threads that are no workers of the system share it under its lock.</summary>
internal sealed class TracerRing(long number, int length, WorkerThread? owner)
{
    /// <summary>Where in a message's number that of its ring begins; below it stands the position of the event.</summary>
    internal const int NumberShift = 48;

    internal TraceRing<ActorCell, ProcessorMemory> Events { get; } = new(length);

    /// <summary>The worker thread. When it has ended another may write on.</summary>
    internal WorkerThread? Owner { get; set; } = owner;

    /// <summary>A number for the message that the next event is about: no two messages of the process have the same.</summary>
    internal long NextMessage => (number << NumberShift) | Events.Next;
}
