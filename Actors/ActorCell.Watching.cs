namespace Troupe.Actors;

/// <summary>The watched side and the watching side, each in its own turns.</summary>
internal abstract partial class ActorCell
{
    internal void OnWatched(Watch watch)
    {
        if (_phase == Phase.Stopped)
            watch.Notify();
        else
            (Optional.Watchers ??= []).Add(watch);
    }

    internal void OnUnwatched(Watch watch) => OptionalIfAny?.Watchers?.Remove(watch);

    internal void StopWatching(ActorCell watched)
    {
        if (OptionalIfAny?.Watches is { } watches && watches.Remove(watched, out Watch? watch))
            Withdraw(watch);
    }

    private void NotifyWatchers()
    {
        if (OptionalIfAny?.Watchers is not { } watchers)
            return;
        foreach (Watch watch in watchers)
            watch.Notify();
        watchers.Clear();
    }

    private void WithdrawWatches()
    {
        if (OptionalIfAny?.Watches is not { } watches)
            return;
        foreach (Watch watch in watches.Values)
            Withdraw(watch);
        watches.Clear();
    }

    private static void Withdraw(Watch watch)
    {
        watch.IsWanted = false;
        watch.Watched.PostSystem(new Unwatch(watch));
    }
}
