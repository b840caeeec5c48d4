using System.IO.Pipelines;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>
/// Runs one connection's continuations as turns of an actor of their own: the application resumes on the worker that brought its
/// octets, no thread is woken, and what it awaits comes back as such a turn too. Whoever blocks in one holds up a worker until its thread is detached.
/// </summary>
public sealed class TurnPipeScheduler : PipeScheduler
{
    private readonly ActorRef<Continuation> _turns;

    /// <summary>Spawns the actor.</summary>
    public TurnPipeScheduler(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        // Bounded by the pipes: each has at most one reader and one writer to resume.
        _turns = system.Spawn(new ContinuationActor(), new SpawnOptions { Mailbox = MailboxOptions.Unbounded, OnFailure = FailurePolicy.Resume });
    }

    /// <inheritdoc/>
    public override void Schedule(Action<object?> action, object? state)
    {
        // The connection is gone; its application still has to come to an end.
        if (!_turns.TryTell(new(action, state)))
            ThreadPool.Schedule(action, state);
    }

    /// <summary>The connection has ended: what was scheduled still runs, what comes later goes to the thread pool.</summary>
    public void Stop() => _ = _turns.StopAsync(drain: true);

    [SendableByContract("A continuation of the pipes: who schedules it hands it over, and does not run it as well.")]
    private readonly record struct Continuation(Action<object?> Action, object? State);

    private sealed class ContinuationActor : Actor<Continuation>
    {
        protected override ValueTask ReceiveAsync(Continuation message)
        {
            message.Action(message.State);
            return default;
        }
    }
}
