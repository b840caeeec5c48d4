namespace Troupe.Actors.TestKit;

/// <summary>
/// Runs all actors of its systems on one thread, a message at a time, in an order that follows from the seed alone; and so with due timers and with
/// the continuations of the test. When nothing can run, time jumps to the next timer.
/// </summary>
/// <remarks>
/// Everything is entered from the thread that is inside <see cref="Run"/>. What comes from another (after <c>Task.Run</c> or
/// <c>ConfigureAwait(false)</c>) has no place in the order, and ends the run with an exception that says so.
/// </remarks>
public sealed class DeterministicHost : ISteppedWorkerHost
{
    /// <summary>Steps after which a run is given up: something goes round in circles.</summary>
    public const long DefaultMaximumSteps = 10_000_000;

    private readonly object _entering = new();
    private readonly List<ActorSystem> _systems = [];
    private readonly List<ReadyTurn> _ready = [];
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private readonly List<TaskCompletionSource> _awaitingIdle = [];
    private readonly StepTrace _trace = new();
    private readonly TurnChoice _choice;
    private readonly TestContext _context;
    private int _thread;
    private string? _intruder;

    /// <summary>A host whose order follows from <paramref name="seed"/>.</summary>
    /// <param name="seed">Any number.</param>
    /// <param name="processorCount">As how many processors it presents itself to actors that are pinned to one.</param>
    public DeterministicHost(int seed, int processorCount = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processorCount);
        Seed = seed;
        ProcessorCount = processorCount;
        _choice = new TurnChoice(seed);
        _context = new TestContext(this);
    }

    /// <summary>What the order follows from.</summary>
    public int Seed { get; }

    /// <inheritdoc/>
    public int ProcessorCount { get; }

    /// <summary>The clock to give to the systems on this host.</summary>
    public VirtualTime Time { get; } = new();

    /// <summary>Turns, timers and continuations that ran.</summary>
    public long Steps => _trace.Count;

    /// <summary>A number made of every choice and its time: equal for two runs that took the same way.</summary>
    public ulong Fingerprint => _trace.Fingerprint;

    /// <summary>The last steps in words.</summary>
    public IReadOnlyList<string> LastSteps => _trace.Last();

    /// <inheritdoc cref="DefaultMaximumSteps"/>
    public long MaximumSteps { get; init; } = DefaultMaximumSteps;

    /// <summary>How much time may pass in one run, on <see cref="Time"/>: what has not come by then does not come.</summary>
    public TimeSpan MaximumTime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>
    /// Calls <paramref name="scenario"/> and runs the actors until its task has completed. What it awaits comes back on this thread, in an order that follows
    /// from the seed as the turns do. Throws what the task throws.
    /// </summary>
    /// <exception cref="NoProgressException">The task cannot complete.</exception>
    public void Run(Func<Task> scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        SynchronizationContext? before = SynchronizationContext.Current;
        Enter();
        try
        {
            SynchronizationContext.SetSynchronizationContext(_context);
            Task task = scenario();
            RunUntilCompleted(task);
            task.GetAwaiter().GetResult();
        }
        finally
        {
            Leave();
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Completes when nothing can run at the present time, before time passes. Awaited in <see cref="Run"/>.</summary>
    public Task WhenIdle()
    {
        var idle = new TaskCompletionSource();
        _awaitingIdle.Add(idle);
        return idle.Task;
    }

    /// <inheritdoc/>
    public void Attach(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        if (!ReferenceEquals(system.Time, Time))
            throw new ArgumentException($"Give the system the host's clock: Time = host.{nameof(Time)}.", nameof(system));
        _systems.Add(system);
    }

    /// <inheritdoc/>
    public void Enqueue(ReadyTurn turn)
    {
        lock (_entering)
        {
            _ready.Add(turn);
            CheckThread(turn.Actor);
        }
    }

    /// <summary>Stops a system on this host. Its last steps leave this thread, so they are waited for. Not inside <see cref="Run"/>.</summary>
    public void Dispose(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        Enter();
        try
        {
            Task task = system.DisposeAsync().AsTask();
            while (!task.IsCompleted && (TryStep() || Time.TryJump(long.MaxValue, out _)))
                continue;
            _thread = 0;
            task.GetAwaiter().GetResult();
        }
        finally
        {
            Leave();
        }
    }

    private void Post(SendOrPostCallback callback, object? state)
    {
        lock (_entering)
        {
            _posted.Enqueue((callback, state));
            CheckThread("the test");
        }
    }

    private void CheckThread(object what)
    {
        if (_thread != 0 && _thread != Environment.CurrentManagedThreadId)
            _intruder ??= what is ActorRef actor ? actor.Path : what.ToString();
    }

    private void Enter()
    {
        if (_thread != 0)
            throw new InvalidOperationException("The host runs already. Await in the scenario instead of running another inside.");
        _thread = Environment.CurrentManagedThreadId;
    }

    private void Leave()
    {
        _thread = 0;
        _intruder = null;
    }

    private void RunUntilCompleted(Task task)
    {
        long lastStep = Steps + MaximumSteps;
        long latest = Time.GetTimestamp() + MaximumTime.Ticks;
        while (!task.IsCompleted)
        {
            if (_intruder is { } intruder)
                throw new InvalidOperationException(
                    $"{intruder} was resumed by another thread (Task.Run, ConfigureAwait(false), a blocking call or a real timer): the order would not follow from the seed.");
            if (Steps >= lastStep)
                throw new NoProgressException($"It has not come to an end within {MaximumSteps:N0} steps.", FindWaiting());
            if (TryStep() || ResumeIdle())
                continue;
            if (Time.TryJump(latest, out bool isTooLate))
                continue;
            throw new NoProgressException(
                isTooLate ? $"It has not come to an end within {MaximumTime} of virtual time." : "Nothing can run, no timer is set, and what is awaited has not come.",
                FindWaiting());
        }
    }

    /// <summary>Lets one that can go go. False: nobody can.</summary>
    private bool TryStep()
    {
        int ready = _ready.Count;
        int posted = _posted.Count > 0 ? 1 : 0;
        int choices = ready + posted + Time.CountDue();
        if (choices == 0)
            return false;

        int choice = _choice.Next(choices, index => index < ready ? _ready[index].Actor : index < ready + posted ? this : Time.Identify(index - ready - posted));
        long now = Time.GetTimestamp();
        if (choice < ready)
        {
            ReadyTurn turn = _ready[choice];
            _ready.RemoveAt(choice);
            _trace.Add(now, choice, choices, turn.Actor);
            turn.Run(maximumMessages: 1);
        }
        else if (choice < ready + posted)
        {
            (SendOrPostCallback callback, object? state) = _posted.Dequeue();
            _trace.Add(now, choice, choices, "(test)");
            SynchronizationContext.SetSynchronizationContext(_context);
            callback(state);
        }
        else
        {
            _trace.Add(now, choice, choices, "(timer)");
            // As a timer of the thread pool has none.
            SynchronizationContext.SetSynchronizationContext(null);
            Time.Expire(choice - ready - posted);
        }

        return true;
    }

    private bool ResumeIdle()
    {
        if (_awaitingIdle.Count == 0)
            return false;
        TaskCompletionSource[] idle = [.. _awaitingIdle];
        _awaitingIdle.Clear();
        foreach (TaskCompletionSource awaited in idle)
            awaited.SetResult();
        return true;
    }

    private IReadOnlyList<WaitingActor> FindWaiting() => [.. _systems.SelectMany(system => system.FindWaiting())];

    /// <summary>Brings what the test awaited back into the order.</summary>
    private sealed class TestContext(DeterministicHost host) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => host.Post(d, state);

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nobody can wait for the one thread there is; post to it.");

        public override SynchronizationContext CreateCopy() => this;
    }
}
