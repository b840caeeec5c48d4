using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;

namespace Troupe.Actors;

/// <summary>
/// The instruments of one system. All are observed: they read what is counted anyway when a listener asks, and cost nothing while none does.
/// </summary>
internal sealed class SystemMeter : IDisposable
{
    private const string Switch = "System.Diagnostics.Metrics.Meter.IsSupported";

    /// <summary>So long one walk through all actors serves all instruments of a collection.</summary>
    private static readonly TimeSpan _walkIsFresh = TimeSpan.FromMilliseconds(10);

    private readonly ActorSystem _system;
    private readonly Meter _meter;
    private readonly object _walking = new();
    private Walk _last;
    private long _walkedAt;

    private SystemMeter(ActorSystem system, int number)
    {
        _system = system;
        _meter = new Meter(new MeterOptions(ActorSystem.MeterName)
        {
            Scope = system,
            Tags = [new KeyValuePair<string, object?>("troupe.system", number)],
        });
        _meter.CreateObservableUpDownCounter("troupe.actors", () => system.ActorCount, "{actor}", "Actors that have not stopped.");
        _meter.CreateObservableCounter("troupe.messages.handled", () => system.HandledCount, "{message}", "Messages handled in turns that have ended.");
        _meter.CreateObservableCounter("troupe.messages.dead", () => system.DeadLetterCount, "{message}", "Messages to actors that had stopped.");
        _meter.CreateObservableCounter("troupe.messages.dropped", () => Look().Dropped, "{message}", "Messages thrown away by the overflow policy of a mailbox.");
        _meter.CreateObservableUpDownCounter("troupe.mailbox.waiting", () => Look().Waiting, "{message}", "Messages waiting in mailboxes.");
        _meter.CreateObservableGauge("troupe.mailbox.longest", () => Look().Longest, "{message}", "Messages waiting in the fullest mailbox.");
        _meter.CreateObservableCounter("troupe.turns.time", () => Look().TurnTime.TotalSeconds, "s", "Time seen spent in turns.");
        _meter.CreateObservableCounter("troupe.failures", () => system.FailureCount, "{failure}", "Handlers that threw.");
        _meter.CreateObservableCounter("troupe.restarts", () => system.RestartCount, "{restart}", "Fresh instances after failures.");
        _meter.CreateObservableCounter("troupe.replies.late", () => system.LateReplyCount, "{reply}", "Answers nobody waited for any more.");
        _meter.CreateObservableCounter("troupe.steals", () => system.StealCount, "{steal}", "Actors that a worker took from another one.");
        _meter.CreateObservableCounter("troupe.detachments", () => system.DetachmentCount, "{detachment}", "Turns that overran their quantum.");
        _meter.CreateObservableUpDownCounter("troupe.threads.detached", () => system.DetachedThreadCount, "{thread}", "Threads that are detached.");
    }

    /// <summary>The class library's own switch: where it is off (MetricsSupport=false, as in images), the trimmer takes all of this out.</summary>
    [FeatureSwitchDefinition(Switch)]
    private static bool IsSupported => !AppContext.TryGetSwitch(Switch, out bool supported) || supported;

    internal static SystemMeter? Create(ActorSystem system, int number) => IsSupported ? new SystemMeter(system, number) : null;

    public void Dispose() => _meter.Dispose();

    /// <summary>Sums over all actors. What counts up never goes down: an actor that stops during the walk may be missed, and is there the next time.</summary>
    private Walk Look()
    {
        lock (_walking)
        {
            if (_walkedAt != 0 && TimeProvider.System.GetElapsedTime(_walkedAt) < _walkIsFresh)
                return _last;
            Walk now = _system.Walk();
            _last = now with
            {
                Dropped = Math.Max(now.Dropped, _last.Dropped),
                TurnTime = now.TurnTime > _last.TurnTime ? now.TurnTime : _last.TurnTime,
            };
            _walkedAt = TimeProvider.System.GetTimestamp();
            return _last;
        }
    }

    /// <summary>What one walk through all actors sums up.</summary>
    internal readonly record struct Walk(long Dropped, long Waiting, int Longest, TimeSpan TurnTime);
}
