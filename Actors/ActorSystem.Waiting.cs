namespace Troupe.Actors;

public sealed partial class ActorSystem
{
    /// <summary>
    /// The actors whose handler waits, and for whom: what to look at when nothing goes on. Exact where a host without threads lets nothing run
    /// meanwhile, otherwise as seen in passing.
    /// </summary>
    public IReadOnlyList<WaitingActor> FindWaiting() =>
    [
        .. SnapshotOfLive().Where(cell => cell.IsHandlerSuspended).Select(cell => new WaitingActor(
            cell.Path, cell.MessageType, [.. cell.Asks().Select(asked => asked.Path)], cell.AwaitsRoomOf?.Path, cell.Reference.MailboxCount)),
    ];
}
