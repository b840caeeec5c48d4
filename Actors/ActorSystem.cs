using System.Collections.Concurrent;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>A world of actors: its workers, its clock, its names, and what it tells of failures and dead letters.</summary>
public sealed partial class ActorSystem : IAsyncDisposable
{
    private readonly ActorSystemOptions _options;
    private readonly ConcurrentDictionary<string, ActorRef> _names = new(StringComparer.Ordinal);
    private readonly ChildRegister<ActorCell, ProcessorMemory> _top = new();
    private int _liveCount;
    private long _generatedNames;
    private int _disposed;
    private long _deadLetters;
    private long _failures;
    private long _lateReplies;

    /// <summary>What generated names begin with, and no given one does.</summary>
    internal const char GeneratedNamePrefix = '$';

    private const char PathSeparator = '/';

    /// <summary>
    /// The name of a value of <see cref="AppContext"/>, an <see cref="Action{T}"/> that is called with every system that starts. A development tool that
    /// is loaded before the program (a startup hook) finds the systems of the program by it.
    /// </summary>
    public const string StartedHook = "Troupe.Actors.SystemStarted";

    /// <summary>Starts a system; the workers run from now on.</summary>
    public ActorSystem(ActorSystemOptions? options = null)
    {
        _options = options ?? new ActorSystemOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.Throughput);
        if (_options.Quantum != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(_options.Quantum, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.MaximumDetached);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.MaximumMailboxCapacity);
        Scheduler = new ActorScheduler(_options.Host ?? new ThreadWorkerHost(), _options.Throughput, _options.Quantum, _options.MaximumDetached);
        Replies = new ReplyPools(this);
        Wheel = _options.HasTimerWheel ?? ReferenceEquals(Time, TimeProvider.System) ? new TimerWheel(Time) : null;
        Scheduler.Start(this);
        StartObserving();
        (AppContext.GetData(StartedHook) as Action<ActorSystem>)?.Invoke(this);
    }

    /// <summary>The clock of all timers and deadlines.</summary>
    public TimeProvider Time => _options.Time;

    /// <summary>Workers, one per processor.</summary>
    public int ProcessorCount => Scheduler.Workers.Length;

    /// <summary>Actors that have not stopped.</summary>
    public int ActorCount => ProcessorMemory.LoadAcquire(ref _liveCount);

    /// <summary>Messages to actors that had stopped.</summary>
    public long DeadLetterCount => ProcessorMemory.LoadAcquire(ref _deadLetters);

    /// <summary>Handlers that threw.</summary>
    public long FailureCount => ProcessorMemory.LoadAcquire(ref _failures);

    /// <summary>Answers nobody waited for any more.</summary>
    public long LateReplyCount => ProcessorMemory.LoadAcquire(ref _lateReplies);

    /// <summary>Threads that are detached now, see <see cref="ActorSystemOptions.Quantum"/>.</summary>
    public int DetachedThreadCount => Scheduler.Monitor?.DetachedCount ?? 0;

    /// <summary>How often a turn overran its quantum and its thread was detached.</summary>
    public long DetachmentCount => Scheduler.Monitor?.Detachments ?? 0;

    /// <summary>Behaviours known by name, for <see cref="SwapAsync"/>.</summary>
    public BehaviourRegistry Behaviours { get; } = new();

    /// <summary>The references of all actors that have not stopped, parents before their children.</summary>
    public IReadOnlyList<ActorRef> Actors => SnapshotOfLive().ConvertAll(static cell => cell.Reference);

    internal ActorScheduler Scheduler { get; }

    /// <summary>The clock of its timers; null: those of <see cref="Time"/>.</summary>
    internal TimerWheel? Wheel { get; }

    internal ReplyPools Replies { get; }

    internal TimeSpan AskTimeout => _options.AskTimeout;

    internal MailboxOptions Limit(MailboxOptions mailbox) =>
        mailbox.Capacity <= _options.MaximumMailboxCapacity || mailbox.Capacity == MailboxOptions.UnboundedCapacity
            ? mailbox
            : mailbox with { Capacity = _options.MaximumMailboxCapacity };

    /// <summary>Spawns an actor that stops when a handler throws.</summary>
    /// <param name="behaviour">A fresh instance.</param>
    /// <param name="name">Unique while it lives; null for none.</param>
    /// <param name="mailbox">The mailbox; bounded with waiting senders if not given.</param>
    /// <param name="processor">The processor whose worker alone runs it; null: any.</param>
    public ActorRef<TMessage> Spawn<[Sendable] TMessage>(Actor<TMessage> behaviour, string? name = null, MailboxOptions? mailbox = null, int? processor = null) =>
        Spawn(behaviour, SpawnOptions.Of(name, mailbox, processor));

    /// <summary>Spawns an actor.</summary>
    public ActorRef<TMessage> Spawn<[Sendable] TMessage>(Actor<TMessage> behaviour, SpawnOptions options) => Spawn(parent: null, behaviour, factory: null, options);

    /// <summary>Spawns an actor from a factory, which makes its later instances too if it is restarted on failure.</summary>
    public ActorRef<TMessage> Spawn<[Sendable] TMessage>(Func<Actor<TMessage>> factory, SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return Spawn(parent: null, factory(), factory, options);
    }

    /// <summary>
    /// The living actor of that path, if it was given a name and understands <typeparamref name="TMessage"/>; null otherwise. The
    /// separator at the front may be left out.
    /// </summary>
    public ActorRef<TMessage>? Find<[Sendable] TMessage>(string path) => Find(path) as ActorRef<TMessage>;

    /// <summary>The living actor of that path, whatever it understands, if it was given a name; null otherwise.</summary>
    public ActorRef? Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        _names.TryGetValue(path.StartsWith(PathSeparator) ? path : PathSeparator + path, out ActorRef? found);
        return found;
    }

    /// <summary>Swaps the actor of that path to a behaviour registered in <see cref="Behaviours"/>: by name, as a guest must.</summary>
    /// <exception cref="ArgumentException">There is no such actor, or no such behaviour for it.</exception>
    public Task<SwapResult> SwapAsync(string path, string behaviour, CancellationToken cancellationToken = default)
    {
        ActorRef actor = Find(path) ?? throw new ArgumentException($"No actor lives at '{path}'.", nameof(path));
        return actor.SwapAsync(behaviour, cancellationToken);
    }

    /// <summary>
    /// Lets all actors finish what is in their mailboxes, stops them, then the workers. Not from an actor's turn.
    /// </summary>
    /// <exception cref="TimeoutException">Some did not stop within <see cref="ActorSystemOptions.ShutdownTimeout"/>; their names are in the message.</exception>
    public async ValueTask DisposeAsync()
    {
        if (ProcessorMemory.Exchange(ref _disposed, 1) != 0)
            return;

        Task[] stopping = SnapshotOfLive().Select(cell => cell.Reference.StopAsync(drain: true)).ToArray();
        string[]? stuck = null;
        try
        {
            await Task.WhenAll(stopping).WaitAsync(_options.ShutdownTimeout, Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            stuck = SnapshotOfLive().Select(cell => cell.Name is null ? "(unnamed)" : cell.Path.TrimStart(PathSeparator)).Take(10).ToArray();
        }

        StopObserving();
        Task ended = Scheduler.StopAsync();
        if (stuck is not null)
            throw new TimeoutException($"{ActorCount} actors did not stop within {_options.ShutdownTimeout}: {string.Join(", ", stuck)}.");
        await ended.ConfigureAwait(false);
    }

    /// <summary>Takes an actor that has stopped out of the tree. True: its parent has been waiting for just this one.</summary>
    internal bool Forget(ActorCell cell)
    {
        if (cell.Name is not null)
            _names.TryRemove(new KeyValuePair<string, ActorRef>(cell.Path, cell.Reference));
        ProcessorMemory.Add(ref _liveCount, -1);
        bool last = (cell.Parent?.Children ?? _top).Remove(cell);
        CountEnded(cell);
        return last;
    }

    internal long NextGeneratedName() => ProcessorMemory.Add(ref _generatedNames, 1);

    internal void ReportFailure(ActorFailure failure)
    {
        ProcessorMemory.Add(ref _failures, 1);
        try
        {
            if (_options.OnFailure is not null)
                _options.OnFailure(failure);
            else
                Console.Error.WriteLine(failure);
        }
        catch (Exception observerFailure)
        {
            Console.Error.WriteLine($"The failure observer threw {observerFailure} while told that {failure.Path} failed: {failure.Exception}");
        }
    }

    internal void ReportDeadLetter<TMessage>(string? actorName, in TMessage message)
    {
        ProcessorMemory.Add(ref _deadLetters, 1);
        try
        {
            _options.OnDeadLetter?.Invoke(new DeadLetter(actorName, message));
            MessageDisposal.Dispose(in message);
        }
        catch (Exception exception)
        {
            ReportFailure(new ActorFailure(actorName, exception, typeof(TMessage), FailurePolicy.Resume));
        }
    }

    internal void CountLateReply() => ProcessorMemory.Add(ref _lateReplies, 1);

    internal ActorRef<TMessage> Spawn<[Sendable] TMessage>(ActorCell? parent, Actor<TMessage> behaviour, Func<Actor<TMessage>>? factory, SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(behaviour);
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(ProcessorMemory.LoadAcquire(ref _disposed) != 0, this);
        if (options.OnFailure == FailurePolicy.Restart && factory is null)
            throw new ArgumentException("To be restarted, an actor needs a factory; spawn it with one.", nameof(options));
        if (options.Processor is { } processor && (uint)processor >= (uint)ProcessorCount)
            throw new ArgumentOutOfRangeException(nameof(options), processor, $"There are {ProcessorCount} processors.");
        if (options.Name is { } name && (name.Length == 0 || name[0] == GeneratedNamePrefix || name.Contains(PathSeparator)))
            throw new ArgumentException($"'{name}' is no name: it may not be empty, begin with '{GeneratedNamePrefix}', or contain '{PathSeparator}'.", nameof(options));

        var cell = new ActorCell<TMessage>(this, parent, behaviour, factory, options);
        if (cell.Name is not null && !_names.TryAdd(cell.Path, cell.Self))
        {
            string among = parent is null ? "at the top" : $"among the children of {parent.Path}";
            throw new ArgumentException($"There is an actor named '{cell.Name}' already {among}.", nameof(options));
        }

        DeclareWaits(cell, options);
        if (parent is { HasEnded: true } || !(parent?.ChildrenForSpawn() ?? _top).TryAdd(cell))
        {
            if (cell.Name is not null)
                _names.TryRemove(new KeyValuePair<string, ActorRef>(cell.Path, cell.Self));
            throw new InvalidOperationException($"{parent!.Path} is stopping or restarting and spawns no actors.");
        }

        ProcessorMemory.Add(ref _liveCount, 1);
        if (TraceSwitch.IsOn)
            Tracing.Spawn(cell);
        // Its first turn calls Started. What it was told meanwhile found it scheduled.
        Scheduler.Enqueue(cell);
        return cell.Self;
    }

    /// <summary>All actors, parents before their children.</summary>
    private List<ActorCell> SnapshotOfLive()
    {
        var cells = new List<ActorCell>(_top.Snapshot());
        for (int index = 0; index < cells.Count; index++)
            cells.AddRange(cells[index].Children?.Snapshot() ?? []);
        return cells;
    }
}
