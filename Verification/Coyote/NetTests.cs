using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>What an application's threads and a connection's actor share: streams, budgets, the listener's backlog, descriptors, event ports. Each beside a planted bug.</summary>
/// <remarks>One after the other with all that observe the streams' contract: its monitor has a lock, and one lock cannot be in two of Coyote's searches at a time.</remarks>
[Collection(nameof(TcpStreamContract))]
public sealed class NetTests(ITestOutputHelper output)
{
    // A listener that is completed too late takes a connection in one place of some four hundred.
    private const uint ClosingIterations = 900;

    private static readonly TcpConfiguration _configuration = new();

    // Our own memory is rented and given back within a pipe's lock, where a scheduling point leaves the other side waiting outside of what Coyote controls.
    private static readonly TcpConfiguration _frameworkMemory = new() { StreamMemory = System.Buffers.MemoryPool<byte>.Shared };

    [Fact]
    public void Signals_raised_at_any_time_are_taken() => Interleavings.Hold(output, Signals(sleepsAfterALook: true));

    [Fact]
    public void An_actor_that_forgets_a_wake_up_before_it_looks_misses_a_signal() => Interleavings.Find(output, Signals(sleepsAfterALook: false), "deadlock");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_writer_without_room_goes_on_when_there_is_room_or_the_connection_ends(bool ends) =>
        Interleavings.Hold(output, Writer(ends, forgets: false), $"{nameof(A_writer_without_room_goes_on_when_there_is_room_or_the_connection_ends)}-{ends}");

    [Fact]
    public void A_writer_of_a_connection_that_ends_without_a_word_waits_for_ever() => Interleavings.Find(output, Writer(ends: true, forgets: true), "deadlock");

    [Fact]
    public void An_ended_connection_holds_nothing_of_the_budget() => Interleavings.Hold(output, Ending(countsTwice: false));

    [Fact]
    public void Octets_that_are_acknowledged_twice_are_found_out() => Interleavings.Find(output, Ending(countsTwice: true), "Expected: 0");

    [Fact]
    public void No_more_is_taken_of_a_reassembly_budget_than_there_is() => Interleavings.Hold(output, Reassembly(returnsTwice: false));

    [Fact]
    public void A_buffer_that_is_returned_twice_is_found_out() => Interleavings.Find(output, Reassembly(returnsTwice: true), "");

    [Fact]
    public void A_connection_that_arrives_while_its_listener_closes_is_accepted_or_aborted() => Interleavings.Hold(output, Closing(forgetsRefused: false));

    [Fact]
    public void A_connection_that_arrives_in_its_place_while_its_listener_closes_is_refused_or_aborted() =>
        Interleavings.Hold(output, Offering(), iterations: ClosingIterations);

    [Fact]
    public void A_connection_that_nobody_aborts_is_found_out() => Interleavings.Find(output, Closing(forgetsRefused: true), "neither accepted nor aborted");

    [Fact]
    public void A_descriptor_stands_for_its_socket_while_the_table_grows() => Interleavings.Hold(output, Descriptors(reusesBlindly: false));

    [Fact]
    public void A_descriptor_used_after_it_was_closed_is_found_out() => Interleavings.Find(output, Descriptors(reusesBlindly: true), "another socket");

    [Fact]
    public void An_event_wakes_who_waits_at_the_port() => Interleavings.Hold(output, Events(keepsPermit: true));

    [Fact]
    public void A_parker_without_a_permit_loses_an_event() => Interleavings.Find(output, Events(keepsPermit: false), "deadlock");

    /// <summary>An actor that sleeps until it is notified takes signals while two threads raise them.</summary>
    private static Action Signals(bool sleepsAfterALook) => () =>
    {
        var streams = Establish();
        var gate = new object();
        var notified = false;
        void Actor()
        {
            streams.OnSignal(() =>
            {
                lock (gate)
                {
                    notified = true;
                    Monitor.Pulse(gate);
                }
            });
            var seen = TcpSignals.None;
            while (seen != (TcpSignals.Abort | TcpSignals.SettingsChanged))
            {
                lock (gate)
                {
                    while (!notified) Monitor.Wait(gate);
                    if (sleepsAfterALook) notified = false;
                }

                seen |= streams.TakeSignals();
                if (sleepsAfterALook) continue;
                lock (gate) notified = false;
            }
        }

        CoyoteWorld.Run(Actor, () => streams.Raise(TcpSignals.Abort), () => streams.Raise(TcpSignals.SettingsChanged));
        Assert.Equal(TcpSignals.None, streams.TakeSignals());
    };

    /// <summary>The budget is used up and the writer has more than its share: it waits until the actor acknowledges, or ends.</summary>
    private static Action Writer(bool ends, bool forgets) => () =>
    {
        var budget = new TcpBufferBudget(10, 4);
        var streams = Establish(budget, ends ? _frameworkMemory : _configuration);
        var gate = new object();
        var (notified, finished) = (false, false);
        streams.OnSignal(() =>
        {
            lock (gate)
            {
                notified = true;
                Monitor.Pulse(gate);
            }
        });
        void Application()
        {
            // Not by a task of the framework's: Coyote would have to find out by a time limit that it does not end.
            var (written, over) = (new object(), false);
            var awaiter = streams.Output.WriteAsync(new byte[12]).ConfigureAwait(false).GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                awaiter.UnsafeOnCompleted(() =>
                {
                    lock (written)
                    {
                        over = true;
                        Monitor.Pulse(written);
                    }
                });
                lock (written)
                {
                    while (!over) Monitor.Wait(written);
                }
            }

            awaiter.GetResult();
            lock (gate)
            {
                finished = true;
                Monitor.Pulse(gate);
            }
        }

        // The connection ends at any time, since the peer does it; or there is a turn for each notification, and what was written is acknowledged in the first.
        void Actor()
        {
            if (ends)
            {
                if (forgets) return;
                streams.ToSend.Complete();
                streams.EndOutput();
                return;
            }

            for (var octets = 12; ; octets = 0)
            {
                lock (gate)
                {
                    while (!notified && !finished) Monitor.Wait(gate);
                    if (!notified) return;
                    notified = false;
                }

                streams.TakeSignals();
                if (streams.ToSend.TryRead(out var result)) streams.ToSend.AdvanceTo(result.Buffer.End);
                streams.Acknowledged(octets);
            }
        }

        CoyoteWorld.Run(Application, Actor);
    };

    /// <summary>An application writes and reads no more while the actor ends: nothing of what was written or not read stays charged.</summary>
    private static Action Ending(bool countsTwice) => () =>
    {
        var budget = new TcpBufferBudget(1000, 100);
        var streams = Establish(budget);
        streams.Deliver(new byte[7]);
        CoyoteWorld.Run(
            () =>
            {
                Assert.True(streams.Output.WriteAsync(new byte[5]).IsCompleted, "there is room");
                streams.Input.Complete();
            },
            () =>
            {
                if (countsTwice) budget.Add(-5);
                streams.EndOutput();
            });
        Assert.Equal(0, budget.Held);
    };

    private static Action Reassembly(bool returnsTwice) => () =>
    {
        var budget = new ReassemblyBudget(2);
        var held = 0;
        void Take()
        {
            for (var turn = 0; turn < 2; turn++)
            {
                if (!budget.TryTake()) continue;
                Assert.True(Interlocked.Increment(ref held) <= 2, "more is held than there is");
                Interlocked.Decrement(ref held);
                budget.Return(1);
                if (returnsTwice) budget.Return(1);
            }
        }

        CoyoteWorld.Run(Take, Take, Take);
        Assert.True(budget.TryTake(2), "what was refused stays charged");
        Assert.False(budget.TryTake(), "there is more than there was");
    };

    /// <summary>The protocol puts two connections into a listener's places while the application accepts one and closes.</summary>
    private static Action Closing(bool forgetsRefused)
    {
        var beside = new Action[3];
        return CoyoteActorHost.Run(
            system =>
            {
                var tcp = new ListeningLayer();
                var listener = new TcpListener(default, 2, new TcpApplicationOptions(), system.Spawn(tcp, "tcp"));
                var streams = new TcpByteStreams[2];
                var (accepted, refused, refusedPlaces) = (0, 0, 0);
                for (var i = 0; i < streams.Length; i++) streams[i] = Establish();
                beside[0] = () =>
                {
                    foreach (var stream in streams)
                    {
                        if (!listener.TryReserve(2))
                        {
                            refusedPlaces++;
                            if (!forgetsRefused) stream.Abort();
                            continue;
                        }

                        if (listener.TryOffer(new TcpConnection(default, stream))) continue;
                        refused++;
                        listener.Release();
                        if (!forgetsRefused) stream.Abort();
                    }
                };
                beside[1] = () =>
                {
                    if (listener.TryAccept(out _)) accepted++;
                    listener.DisposeAsync().AsTask().Wait();
                };
                beside[2] = () => listener.DisposeAsync().AsTask().Wait();
                return () =>
                {
                    var aborted = streams.Count(stream => stream.IsAborted);
                    Assert.True(accepted + aborted == streams.Length, $"{streams.Length - accepted - aborted} neither accepted nor aborted ({refused} refused, {refusedPlaces} without a place)");
                    Assert.Equal(1, tcp.Closings);
                };
            },
            beside: beside);
    }

    /// <summary>One connection has a place already, and comes when the protocol is told of the close: about when the listener looks for the last time.</summary>
    private static Action Offering()
    {
        var beside = new Action[1];
        return CoyoteActorHost.Run(
            system =>
            {
                var tcp = new ListeningLayer();
                var listener = new TcpListener(default, 1, new TcpApplicationOptions(), system.Spawn(tcp, "tcp"));
                var stream = Establish();
                var isRefused = false;
                Assert.True(listener.TryReserve(1), "there is room");
                tcp.OnClosing = () => isRefused = !listener.TryOffer(new TcpConnection(default, stream));
                beside[0] = () => listener.DisposeAsync().AsTask().Wait();
                return () => Assert.True(isRefused || stream.IsAborted, "taken, and not aborted");
            },
            beside: beside);
    }

    /// <summary>The table is full to its first length; one thread makes it grow while others look up what is in it, close and open.</summary>
    private static Action Descriptors(bool reusesBlindly) => () =>
    {
        const int First = 64;
        var table = new SocketTable(100, First * 2);
        var sockets = new object[First];
        for (var i = 0; i < First; i++)
        {
            sockets[i] = new object();
            Assert.True(table.TryAdd(sockets[i], out var descriptor) && descriptor == 100 + i, "the lowest free one");
        }

        CoyoteWorld.Run(
            () =>
            {
                var socket = new object();
                Assert.True(table.TryAdd(socket, out var descriptor), "there is room");
                Assert.True(ReferenceEquals(table.Find<object>(descriptor), socket), "a new descriptor stands for its socket");
            },
            () =>
            {
                Assert.True(ReferenceEquals(table.Find<object>(107), sockets[7]), "107 stands for another socket");
                if (!reusesBlindly) Assert.True(ReferenceEquals(table.Find<object>(163), sockets[63]), "163 stands for another socket");
                else Assert.True(ReferenceEquals(table.Find<object>(105), sockets[5]), "105 stands for another socket");
            },
            () => Assert.True(ReferenceEquals(table.Remove(105), sockets[5]), "what was closed"));
    };

    /// <summary>Two sockets become ready while a thread waits at their port.</summary>
    private static Action Events(bool keepsPermit) => () =>
    {
        var port = new SocketEventPort(new CoyoteParker(keepsPermit));
        var (first, second) = (port.Register(1), port.Register(2));
        CoyoteWorld.Run(
            () =>
            {
                Span<(nint Data, int Events)> events = stackalloc (nint, int)[4];
                var seen = 0;
                while (seen != 7)
                {
                    var count = port.Wait(events);
                    foreach (var (data, kinds) in events[..count]) seen |= data == 1 ? kinds : kinds << 2;
                }
            },
            () =>
            {
                first.Raise(SocketEvents.Read);
                first.Raise(SocketEvents.Write);
            },
            () => second.Raise(SocketEvents.Read));
    };

    private static TcpByteStreams Establish(TcpBufferBudget? budget = null, TcpConfiguration? configuration = null)
    {
        var streams = new TcpByteStreams(configuration ?? _configuration, PipeScheduler.Inline, budget);
        TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Establish);
        return streams;
    }

    private sealed class ListeningLayer : Actor<TcpMessage>
    {
        public int Closings { get; private set; }

        public Action? OnClosing { get; set; }

        protected override ValueTask ReceiveAsync(TcpMessage message)
        {
            Closings++;
            OnClosing?.Invoke();
            return default;
        }
    }
}
