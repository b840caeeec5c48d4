using System.Collections.Concurrent;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>A world of actors: its workers, its clock, its names, and what it tells of failures and dead letters.</summary>
public sealed class ActorSystem : IAsyncDisposable
{
    private readonly ActorSystemOptions _options;
    private readonly ConcurrentDictionary<string, ActorRef> _names = new(StringComparer.Ordinal);
    private readonly object _liveGate = new();
    private ActorCell? _live;
    private int _liveCount;
    private int _disposed;
    private long _deadLetters;
    private long _failures;
    private long _lateReplies;

    /// <summary>Starts a system; the workers run from now on.</summary>
    public ActorSystem(ActorSystemOptions? options = null)
    {
        _options = options ?? new ActorSystemOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.Throughput);
        if (_options.Quantum != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(_options.Quantum, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.MaximumDetached);
        Scheduler = new ActorScheduler(_options.Host ?? new ThreadWorkerHost(), _options.Throughput, _options.Quantum, _options.MaximumDetached);
        Replies = new ReplyPools(this);
        Scheduler.Start();
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

    internal ActorScheduler Scheduler { get; }

    internal ReplyPools Replies { get; }

    internal TimeSpan AskTimeout => _options.AskTimeout;

    /// <summary>Spawns an actor that stops when a handler throws.</summary>
    /// <param name="behaviour">A fresh instance.</param>
    /// <param name="name">Unique while it lives; null for none.</param>
    /// <param name="mailbox">The mailbox; bounded with waiting senders if not given.</param>
    /// <param name="processor">The processor whose worker alone runs it; null: any.</param>
    public ActorRef<TMessage> Spawn<[Sendable] TMessage>(Actor<TMessage> behaviour, string? name = null, MailboxOptions? mailbox = null, int? processor = null) =>
        Spawn(behaviour, new SpawnOptions { Name = name, Mailbox = mailbox ?? MailboxOptions.Default, Processor = processor });

    /// <summary>Spawns an actor.</summary>
    public ActorRef<TMessage> Spawn<[Sendable] TMessage>(Actor<TMessage> behaviour, SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(behaviour);
        ArgumentNullException.ThrowIfNull(options);
        if (options.OnFailure == FailurePolicy.Restart)
            throw new ArgumentException("To be restarted, an actor needs a factory; spawn it with one.", nameof(options));
        return Spawn(behaviour, factory: null, options);
    }

    /// <summary>Spawns an actor from a factory, which makes its later instances too if it is restarted on failure.</summary>
    public ActorRef<TMessage> Spawn<[Sendable] TMessage>(Func<Actor<TMessage>> factory, SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(options);
        return Spawn(factory(), factory, options);
    }

    /// <summary>The living actor of that name, if it understands <typeparamref name="TMessage"/>; null otherwise.</summary>
    public ActorRef<TMessage>? Find<[Sendable] TMessage>(string name) => _names.TryGetValue(name, out ActorRef? found) ? found as ActorRef<TMessage> : null;

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
            stuck = SnapshotOfLive().Select(cell => cell.Name ?? "(unnamed)").Take(10).ToArray();
        }

        Task ended = Scheduler.StopAsync();
        if (stuck is not null)
            throw new TimeoutException($"{ActorCount} actors did not stop within {_options.ShutdownTimeout}: {string.Join(", ", stuck)}.");
        await ended.ConfigureAwait(false);
    }

    internal void Forget(ActorCell cell)
    {
        if (cell.Name is not null)
            _names.TryRemove(new KeyValuePair<string, ActorRef>(cell.Name, cell.Reference));
        lock (_liveGate)
        {
            if (cell.PreviousLive is null)
                _live = cell.NextLive;
            else
                cell.PreviousLive.NextLive = cell.NextLive;
            if (cell.NextLive is not null)
                cell.NextLive.PreviousLive = cell.PreviousLive;
            cell.PreviousLive = cell.NextLive = null;
            _liveCount--;
        }
    }

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
            Console.Error.WriteLine($"The failure observer threw {observerFailure} while told of {failure}");
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

    private ActorRef<TMessage> Spawn<[Sendable] TMessage>(Actor<TMessage> behaviour, Func<Actor<TMessage>>? factory, SpawnOptions options)
    {
        ObjectDisposedException.ThrowIf(ProcessorMemory.LoadAcquire(ref _disposed) != 0, this);
        if (options.Processor is { } processor && (uint)processor >= (uint)ProcessorCount)
            throw new ArgumentOutOfRangeException(nameof(options), processor, $"There are {ProcessorCount} processors.");

        var cell = new ActorCell<TMessage>(this, behaviour, factory, options);
        if (options.Name is not null && !_names.TryAdd(options.Name, cell.Self))
            throw new ArgumentException($"There is an actor named '{options.Name}' already.", nameof(options));
        lock (_liveGate)
        {
            cell.NextLive = _live;
            if (_live is not null)
                _live.PreviousLive = cell;
            _live = cell;
            _liveCount++;
        }

        // Its first turn calls Started.
        cell.Schedule(urgent: true);
        return cell.Self;
    }

    private List<ActorCell> SnapshotOfLive()
    {
        var cells = new List<ActorCell>();
        lock (_liveGate)
        {
            for (ActorCell? cell = _live; cell is not null; cell = cell.NextLive)
                cells.Add(cell);
        }

        return cells;
    }
}
