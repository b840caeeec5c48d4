using Troupe.Actors;
using Troupe.Net.Contracts;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The life of a TCP connection under Coyote: the actors of two hosts' TCP layers, with applications that are actors as well, while the clock goes on at any moment. Whatever comes first, every octet arrives in
/// order, every call comes to an end, both connections end, and frames, batches and the listener's places are given back. Beside them planted bugs.
/// </summary>
[Collection(nameof(TcpStreamContract))]
public sealed class TcpConnectionTests(ITestOutputHelper output)
{
    private const int Iterations = 20;
    private const int FreeAdvances = 2;

    // The clock does not run away from who has asked and waits for an answer.
    private static readonly TimeSpan _farthest = TimeSpan.FromMinutes(2);

    // Who only reads finds out that its peer is gone by probes. The streams' memory is the framework's, which has no scheduling points: a pipe asks for it in its lock, in which nobody must be made to wait.
    private static readonly TcpConfiguration _configuration = new()
    {
        KeepAlive = true,
        KeepAliveTime = TimeSpan.FromHours(1),
        KeepAliveProbes = 2,
        StreamMemory = System.Buffers.MemoryPool<byte>.Shared,
    };

    // Nobody asks whether a peer that says nothing is still there: who waits for one that never speaks has nothing to wake up for, and the schedule ends.
    private static readonly TcpConfiguration _withoutProbes = new() { StreamMemory = System.Buffers.MemoryPool<byte>.Shared };

    private const ushort Port = 80;

    [Fact]
    public void A_transfer_is_whole_and_both_ends_close() => Interleavings.Hold(output, Transfer(new()), iterations: Iterations);

    [Fact]
    public void A_frame_that_a_wire_keeps_is_found_out() => Interleavings.Find(output, Transfer(new() { Defect = WireDefect.KeepsFins }), "", iterations: Iterations);

    [Fact]
    public void A_reader_that_takes_a_pause_for_the_end_is_found_out() => Interleavings.Find(output, Transfer(new() { IsHasty = true }), "", iterations: Iterations);

    [Fact]
    public void An_abort_ends_both_ends_whatever_is_on_its_way() => Interleavings.Hold(output, Transfer(new() { Aborts = true }), iterations: Iterations);

    [Fact]
    public void A_listener_that_closes_leaves_no_connection_behind() => Interleavings.Hold(output, Transfer(new() { ClosesListener = true }), iterations: Iterations);

    [Fact]
    public void A_listener_that_is_left_without_a_close_is_found_out() =>
        Interleavings.Find(output, Transfer(new() { ClosesListener = true, LeavesListener = true }), "the client waits for ever", iterations: Iterations);

    [Fact]
    public void A_user_timeout_ends_a_connection_whose_peer_is_gone() => Interleavings.Hold(output, Transfer(new() { Defect = WireDefect.Cut, UserTimeout = TimeSpan.FromSeconds(3) }), iterations: Iterations);

    [Fact]
    public void A_timer_that_is_lost_is_found_out() =>
        Interleavings.Find(output, Transfer(new() { Defect = WireDefect.Cut, UserTimeout = TimeSpan.FromSeconds(3), LosesTimer = 2 }), "", iterations: Iterations);

    [Fact]
    public void A_port_in_TIME_WAIT_is_used_again_while_its_time_runs_out() => Interleavings.Hold(output, Transfer(new() { Again = true }), iterations: Iterations);

    private static Action Transfer(Plan plan)
    {
        var beside = new Action[1];
        Results results = null!;
        return CoyoteActorHost.Run(
            system =>
            {
                var time = (SteppedTime)system.Time;
                results = new Results();
                var now = results;
                var pair = new TcpPair(system, time, plan.Defect, plan.LeavesListener ? _withoutProbes : _configuration);
                now.Layers.AddRange([pair.First.Tcp, pair.Second.Tcp]);
                var client = system.Spawn(new Client(pair, plan, now), "client");
                var server = system.Spawn(new Server(pair, plan, now, client), "server");
                server.Tell(Step.Begin);
                beside[0] = () =>
                {
                    for (var i = 0; i < FreeAdvances; i++) time.TryAdvance(within: _farthest);
                };
                return () => Check(plan, pair, now);
            },
            beside: beside,
            time: () => new SteppedTime(plan.LosesTimer),
            afterwards: system => system.Spawn(new Auditor(results), "auditor").Tell(0));
    }

    private static void Check(Plan plan, TcpPair pair, Results results)
    {
        Assert.True(results.ClientIsOver, "the client waits for ever");
        Assert.True(results.Sessions == results.SessionsOver, "the server waits for ever");
        Assert.All(results.Connections, connection => Assert.True(connection.Completion.IsCompleted, "a connection does not end"));
        Assert.All(results.Listings, listing => Assert.True(listing.Connections.IsEmpty && listing.TimeWait.IsEmpty, "a connection is not forgotten"));
        Assert.Equal(2, results.Listings.Count);
        if (!plan.ClosesListener) Assert.Equal(0, results.Listener!.Pending);
        pair.CheckEverythingIsGivenBack();
        if (plan.IsWhole)
        {
            var times = plan.Again ? 2 : 1;
            Assert.Equal(Enumerable.Repeat("question", times), results.Questions);
            Assert.Equal(Enumerable.Repeat("answer", times), results.Answers);
            Assert.All(results.Connections, connection => Assert.Equal(TcpCloseReason.Closed, connection.Completion.Result));
        }

        Assert.All(results.Questions, question => Assert.StartsWith(question, "question", StringComparison.Ordinal));
        Assert.All(results.Answers, answer => Assert.StartsWith(answer, "answer", StringComparison.Ordinal));
        if (plan.Defect == WireDefect.Cut) Assert.Contains(results.Connections, connection => connection.Completion.Result == TcpCloseReason.TimedOut);
    }

    private sealed record Plan
    {
        public WireDefect Defect { get; init; }

        public bool IsHasty { get; init; }

        public bool Aborts { get; init; }

        public bool ClosesListener { get; init; }

        /// <summary>Planted: the application accepts no more, and does not close.</summary>
        public bool LeavesListener { get; init; }

        public bool Again { get; init; }

        public TimeSpan UserTimeout { get; init; }

        public int LosesTimer { get; init; } = -1;

        /// <summary>Whether nothing disturbs the transfer.</summary>
        public bool IsWhole => Defect != WireDefect.Cut && !Aborts && !ClosesListener;
    }

    private enum Step
    {
        Begin,
        Arrived,
        Close,
        Again,
    }

    /// <summary>What came of a run. Each list is one actor's, but for the connections.</summary>
    private sealed class Results
    {
        public List<TcpConnection> Connections { get; } = [];

        public List<string> Questions { get; } = [];

        public List<string> Answers { get; } = [];

        public List<TcpListing> Listings { get; } = [];

        public List<ActorRef<TcpMessage>> Layers { get; } = [];

        public TcpListener? Listener { get; set; }

        public bool ClientIsOver { get; set; }

        public int Sessions { get; set; }

        public int SessionsOver { get; set; }
    }

    private sealed class Client(TcpPair pair, Plan plan, Results results) : Actor<Step>
    {
        private const ushort OwnPort = 5000;

        private TimerHandle _again;

        protected override void Started() => _again = Context.CreateTimer(Step.Again);

        protected override async ValueTask ReceiveAsync(Step step)
        {
            results.ClientIsOver = false;
            try
            {
                var connection = await pair.First.ConnectAsync(new(pair.Second.Address, Port), OwnPort);
                lock (results.Connections) results.Connections.Add(connection);
                if (plan.UserTimeout > TimeSpan.Zero) connection.Settings.UserTimeout = plan.UserTimeout;
                await connection.Output.WriteAsync("ques"u8.ToArray());
                await connection.Output.WriteAsync("tion"u8.ToArray());
                if (plan.Aborts) connection.Abort();
                if (!plan.Again) connection.Output.Complete();
                results.Answers.Add(Text(await TcpPair.ReadAllAsync(connection.Input)));
                await connection.DisposeAsync();
            }
            catch (Exception exception) when (exception is TcpConnectionException or AskFailedException && !plan.IsWhole)
            {
                // Refused or reset: what is wrong with that, the check knows.
            }

            results.ClientIsOver = true;
            if (plan.Again && step == Step.Begin) _again.Restart(_configuration.TimeWait);
        }
    }

    private sealed class Server(TcpPair pair, Plan plan, Results results, ActorRef<Step> client) : Actor<Step>
    {
        // About as many turns as it takes a connection to arrive: the listener closes before that, after it, or meanwhile.
        private int _turnsUntilClose = 12;
        private bool _isLeft;

        protected override async ValueTask ReceiveAsync(Step step)
        {
            switch (step)
            {
                case Step.Begin:
                    var self = Context.Self;
                    results.Listener = await pair.Second.ListenAsync(Port, 2, () => self.TryTell(Step.Arrived));
                    client.Tell(Step.Begin);
                    if (plan.ClosesListener) self.Tell(Step.Close);
                    break;
                case Step.Arrived when _isLeft:
                    break;
                case Step.Arrived:
                    while (results.Listener!.TryAccept(out var connection))
                    {
                        lock (results.Connections) results.Connections.Add(connection);
                        results.Sessions++;
                        Context.Spawn(new Session(plan, results), new SpawnOptions { Name = $"session-{results.Sessions}" }).Tell(connection);
                    }

                    break;
                case Step.Close when _turnsUntilClose-- > 0:
                    Context.Self.Tell(Step.Close);
                    break;
                case Step.Close when plan.LeavesListener:
                    _isLeft = true;
                    break;
                case Step.Close:
                    await results.Listener!.DisposeAsync();
                    break;
            }
        }
    }

    private sealed class Session(Plan plan, Results results) : Actor<TcpConnection>
    {
        protected override async ValueTask ReceiveAsync(TcpConnection connection)
        {
            try
            {
                if (plan.Again)
                {
                    // Closes first, so that TIME-WAIT is on this side.
                    await AnswerAsync(connection);
                    results.Questions.Add(Text(await TcpPair.ReadAllAsync(connection.Input)));
                }
                else if (plan.IsHasty)
                {
                    var question = "";
                    while (connection.Input.TryRead(out var result))
                    {
                        question += Text(System.Buffers.BuffersExtensions.ToArray(result.Buffer));
                        connection.Input.AdvanceTo(result.Buffer.End);
                        if (result.IsCompleted) break;
                    }

                    results.Questions.Add(question);
                    await AnswerAsync(connection);
                }
                else
                {
                    results.Questions.Add(Text(await TcpPair.ReadAllAsync(connection.Input)));
                    await AnswerAsync(connection);
                }
            }
            catch (TcpConnectionException) when (!plan.IsWhole)
            {
                // Reset: what is wrong with that, the check knows.
            }

            await connection.DisposeAsync();
            results.SessionsOver++;
        }

        private static async ValueTask AnswerAsync(TcpConnection connection)
        {
            await connection.Output.WriteAsync("answer"u8.ToArray());
            connection.Output.Complete();
        }
    }

    /// <summary>Asks both layers what they know when all is over.</summary>
    private sealed class Auditor(Results results) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int message)
        {
            foreach (var layer in results.Layers) results.Listings.Add(await TcpListing.ReadAsync(layer));
        }
    }

    private static string Text(byte[] octets) => System.Text.Encoding.ASCII.GetString(octets);
}
