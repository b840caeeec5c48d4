namespace Troupe.Actors;

/// <summary>A system message with the stamp it was posted with. Exists while tracing is on, so that system messages carry none otherwise.</summary>
internal sealed class TracedMessage(SystemMessage message, TraceStamp stamp, ActorCell? poster) : SystemMessage
{
    internal override bool NeedsHandler => message.NeedsHandler;

    internal override void Run(ActorCell cell)
    {
        Tracing.BeginSystemMessage(cell, message, stamp, poster);
        message.Run(cell);
        Tracing.EndSystemMessage();
    }
}
