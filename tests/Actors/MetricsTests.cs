using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Troupe.Actors.Tests;

/// <summary>The instruments of the meter <c>Troupe.Actors</c>.</summary>
public sealed class MetricsTests : SystemFixture
{
    private readonly ConcurrentDictionary<string, double> _values = new();

    [Fact]
    public async Task What_a_system_counts_can_be_listened_to()
    {
        using MeterListener listener = Listen();
        using var gate = new ManualResetEventSlim();
        ActorRef<int> handling = System.Spawn(new Acting<int>((_, number) => number < 0 ? throw new FormatException() : default), new SpawnOptions { OnFailure = FailurePolicy.Resume });
        ActorRef<int> stuck = System.Spawn(
            new Acting<int>((_, _) =>
            {
                gate.Wait();
                return default;
            }),
            mailbox: new MailboxOptions { Capacity = 3, OverflowPolicy = OverflowPolicy.DropNewest });
        ActorRef<int> stopped = System.Spawn(new Acting<int>((_, _) => default));
        await stopped.StopAsync().WaitAsync(Patience);

        handling.Tell(1);
        handling.Tell(-1);
        stuck.Tell(0);
        await Until(() => stuck.MailboxCount == 0);
        for (int number = 1; number <= 5; number++)
            stuck.Tell(number);
        stopped.Tell(1);

        await Until(() => Value(listener, "troupe.messages.handled") >= 2);
        Assert.Equal(2, Value(listener, "troupe.actors"));
        Assert.Equal(1, Value(listener, "troupe.messages.dead"));
        Assert.Equal(1, Value(listener, "troupe.failures"));
        Assert.Equal(0, Value(listener, "troupe.restarts"));
        await Until(() => Value(listener, "troupe.messages.dropped") == 2);
        await Until(() => Value(listener, "troupe.mailbox.waiting") == 3);
        await Until(() => Value(listener, "troupe.mailbox.longest") == 3);
        // It blocks, so it is detached.
        await Until(() => Value(listener, "troupe.threads.detached") == 1);
        await Until(() => Value(listener, "troupe.detachments") >= 1);
        await Until(() => Value(listener, "troupe.turns.time") > 0);
        gate.Set();
        await Until(() => Value(listener, "troupe.messages.handled") == 6);
    }

    [Fact]
    public async Task What_stopped_actors_dropped_still_counts()
    {
        using MeterListener listener = Listen();
        using var gate = new ManualResetEventSlim();
        ActorRef<int> stuck = System.Spawn(
            new Acting<int>((_, _) =>
            {
                gate.Wait();
                return default;
            }),
            mailbox: new MailboxOptions { Capacity = 1, OverflowPolicy = OverflowPolicy.DropNewest });
        stuck.Tell(0);
        await Until(() => stuck.MailboxCount == 0);
        for (int number = 0; number < 5; number++)
            stuck.Tell(number);
        gate.Set();
        await stuck.StopAsync().WaitAsync(Patience);
        await Until(() => System.ActorCount == 0);

        await Until(() => Value(listener, "troupe.messages.dropped") == 4);
    }

    [Fact]
    public async Task A_system_that_has_ended_publishes_nothing()
    {
        var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1) });
        int completed = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, system))
                    self.EnableMeasurementEvents(instrument);
            },
            MeasurementsCompleted = (_, _) => Interlocked.Increment(ref completed),
        };
        listener.Start();
        await system.DisposeAsync();

        Assert.Equal(13, Volatile.Read(ref completed));
    }

    private MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == ActorSystem.MeterName && ReferenceEquals(instrument.Meter.Scope, System))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => _values[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _values[instrument.Name] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => _values[instrument.Name] = value);
        listener.Start();
        return listener;
    }

    private double Value(MeterListener listener, string instrument)
    {
        listener.RecordObservableInstruments();
        return _values[instrument];
    }
}
