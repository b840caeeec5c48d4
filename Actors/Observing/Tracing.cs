using System.Runtime.CompilerServices;

namespace Troupe.Actors;

/// <summary>
/// The hooks: what the runtime calls while <see cref="TraceSwitch.IsOn"/>. Each looks whether the system it is about is the one being traced.
/// </summary>
internal static class Tracing
{
    private static ActorCell? CurrentActor => SynchronizationContext.Current as ActorCell;

    /// <summary>What is being handled now, to be the cause of something later.</summary>
    internal static TraceOrigin Origin() => new(CurrentActor, TraceThread.Current.Handled);

    /// <summary>A message goes to the mailbox next, with its stamp.</summary>
    internal static void Send(ActorTracer tracer, ActorCell receiver, Type message, bool ask)
    {
        TraceThread thread = TraceThread.Current;
        TraceStamp handled = thread.Handled;
        thread.Sending = tracer.Record(ask ? TraceKind.Ask : TraceKind.Send, CurrentActor, receiver, message, ActorTracer.NewMessage, handled.Message, handled.Flow);
    }

    /// <summary>The mailbox has had its say.</summary>
    internal static void Sent(ActorTracer tracer, ActorCell receiver, Type message, EnqueueResult result, TraceStamp stamp)
    {
        TraceThread thread = TraceThread.Current;
        thread.Sending = default;
        if (result != EnqueueResult.Accepted)
            tracer.Record(result == EnqueueResult.Closed ? TraceKind.DeadLetter : TraceKind.Refuse, CurrentActor, receiver, message, stamp.Message, thread.Handled.Message, stamp.Flow);
    }

    internal static void Wait(ActorTracer tracer, ActorCell receiver, Type message, TraceStamp stamp)
    {
        TraceThread thread = TraceThread.Current;
        thread.Sending = default;
        tracer.Record(TraceKind.Wait, CurrentActor, receiver, message, stamp.Message, thread.Handled.Message, stamp.Flow);
    }

    /// <summary>What a waiting sender keeps until its message is let in.</summary>
    internal static TraceOrigin Waiting() => new(null, TraceThread.Current.Sending);

    /// <summary>The message of a waiting sender goes to the mailbox next.</summary>
    internal static void Admit(TraceOrigin? waiting) => TraceThread.Current.Sending = waiting?.Stamp ?? default;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Receive(ActorCell cell, Type message)
    {
        TraceThread thread = TraceThread.Current;
        TraceStamp stamp = thread.Received;
        thread.Received = default;
        thread.Handled = cell.System.Tracer?.Record(
            TraceKind.Receive, cell, null, message, stamp.IsTraced ? stamp.Message : ActorTracer.NewMessage, 0, stamp.Flow) ?? default;
    }

    /// <summary>A message came out of the mailbox of an actor that has stopped.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void DeadLetter(ActorCell cell, Type message)
    {
        TraceThread thread = TraceThread.Current;
        TraceStamp stamp = thread.Received;
        thread.Received = default;
        cell.System.Tracer?.Record(TraceKind.DeadLetter, null, cell, message, stamp.Message, 0, stamp.Flow);
    }

    /// <summary>A message is stashed, most often the one being handled; unstashed, it goes on under the same number.</summary>
    internal static TraceStamp Stash() => TraceThread.Current.Handled;

    internal static void Unstash(TraceStamp stamp) => TraceThread.Current.Received = stamp;

    internal static SystemMessage Post(ActorCell receiver, SystemMessage message)
    {
        if (receiver.System.Tracer is not { } tracer)
            return message;
        ActorCell? poster = CurrentActor;
        TraceStamp cause = message.Origin?.Stamp ?? TraceThread.Current.Handled;
        TraceStamp stamp = message.PostedAs is { } kind
            ? tracer.Record(kind, poster, receiver, message.GetType(), ActorTracer.NewMessage, cause.Message, cause.Flow)
            : cause;
        return new TracedMessage(message, stamp, poster);
    }

    internal static void BeginSystemMessage(ActorCell cell, SystemMessage message, TraceStamp stamp, ActorCell? poster)
    {
        TraceThread thread = TraceThread.Current;
        thread.Received = stamp;
        thread.Handled = stamp;
        if (cell.System.Tracer is not { } tracer)
            return;
        if (message is StopRequest)
            cell.EndingStamp = stamp;
        if (message.PostedAs is null)
        {
            thread.Handled = cell.SuspendedStamp is { IsTraced: true } suspended ? suspended : stamp;
            tracer.Record(TraceKind.Resume, cell, poster, null, thread.Handled.Message, stamp.Message, thread.Handled.Flow);
        }
        else if (!message.NeedsHandler)
        {
            // What calls the handler is received there.
            tracer.Record(TraceKind.Receive, cell, null, message.GetType(), stamp.Message, 0, stamp.Flow);
        }
    }

    /// <summary>It stays the cause of what the turn does until the next message: a stop or a restart that it asked for.</summary>
    internal static void EndSystemMessage() => TraceThread.Current.Received = default;

    internal static TraceStamp Suspend(ActorCell cell)
    {
        Happened(TraceKind.Suspend, cell);
        return TraceThread.Current.Handled;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void TurnEnd(ActorCell cell)
    {
        TraceThread.Current.Handled = default;
        cell.System.Tracer?.Record(TraceKind.TurnEnd, cell, null, null, 0, 0, 0);
    }

    internal static void Spawn(ActorCell cell)
    {
        if (cell.System.Tracer is not { } tracer)
            return;
        TraceStamp handled = TraceThread.Current.Handled;
        cell.SpawnOrigin = new TraceOrigin(
            null, tracer.Record(TraceKind.Spawn, CurrentActor, cell, cell.MessageType, ActorTracer.NewMessage, handled.Message, handled.Flow));
    }

    internal static void Start(ActorCell cell)
    {
        TraceStamp stamp = cell.SpawnOrigin?.Stamp ?? default;
        TraceThread.Current.Handled = stamp;
        cell.System.Tracer?.Record(TraceKind.Start, cell, null, null, 0, stamp.Message, stamp.Flow);
    }

    /// <summary>Caused by the request to stop, though messages were handled since, or else by what is handled.</summary>
    internal static void Stop(ActorCell cell)
    {
        TraceStamp stamp = cell.EndingStamp is { IsTraced: true } asked ? asked : TraceThread.Current.Handled;
        cell.System.Tracer?.Record(TraceKind.Stop, cell, null, null, 0, stamp.Message, stamp.Flow);
    }

    internal static void Reply(ActorSystem system, TraceOrigin? asker, Type answer)
    {
        TraceStamp handled = TraceThread.Current.Handled;
        TraceStamp cause = handled.IsTraced ? handled : asker?.Stamp ?? default;
        system.Tracer?.Record(TraceKind.Reply, CurrentActor, asker?.Actor, answer, ActorTracer.NewMessage, cause.Message, cause.Flow);
    }

    /// <summary>Something happened to an actor while it handled what it handles.</summary>
    internal static void Happened(TraceKind kind, ActorCell cell, Type? subject = null)
    {
        TraceStamp handled = TraceThread.Current.Handled;
        cell.System.Tracer?.Record(kind, cell, null, subject, 0, handled.Message, handled.Flow);
    }

    /// <summary>The scheduler did something with an actor, whoever handles what.</summary>
    internal static void Scheduled(TraceKind kind, ActorCell? cell) => cell?.System.Tracer?.Record(kind, cell, null, null, 0, 0, 0);
}
