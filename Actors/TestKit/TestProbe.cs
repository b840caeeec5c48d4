namespace Troupe.Actors.TestKit;

/// <summary>
/// An actor that stands in for one the actors under test talk to: it keeps what it is sent until the test expects it. To answer an ask, expect its
/// message and set its <see cref="Reply{TReply}"/>, or say beforehand what to do by <see cref="Respond"/>. All times are virtual.
/// </summary>
public sealed class TestProbe<[Sendable] TMessage>
{
    /// <summary>How long is waited unless said otherwise.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(3);

    private readonly Arrivals<TMessage> _arrivals;
    private Action<TMessage>? _response;

    internal TestProbe(ActorSystem system, string? name)
    {
        _arrivals = new Arrivals<TMessage>(system.Time, typeof(TMessage).Name);
        Ref = system.Spawn(new Recorder(this), name, MailboxOptions.Unbounded);
    }

    /// <summary>What to give to the actors under test.</summary>
    public ActorRef<TMessage> Ref { get; }

    /// <summary>What has come and was not expected yet, in order.</summary>
    public IReadOnlyList<TMessage> Pending => _arrivals.Items;

    /// <summary>Does something with each message as it comes, in the probe's turn; the test can still expect it. Null: no more.</summary>
    public void Respond(Action<TMessage>? response) => _response = response;

    /// <summary>The next message.</summary>
    /// <exception cref="ExpectationException">None came in time.</exception>
    public Task<TMessage> ExpectAsync(TimeSpan? within = null) => _arrivals.TakeAsync(within ?? DefaultPatience);

    /// <summary>The next message, which has to match.</summary>
    /// <exception cref="ExpectationException">None came in time, or another one.</exception>
    public async Task<TMessage> ExpectAsync(Func<TMessage, bool> matches, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(matches);
        TMessage message = await ExpectAsync(within);
        return matches(message) ? message : throw new ExpectationException($"{Ref.Path} was sent {message}, which does not match.");
    }

    /// <summary>The next message, which has to equal <paramref name="expected"/>.</summary>
    /// <exception cref="ExpectationException">None came in time, or another one.</exception>
    public async Task ExpectEqualAsync(TMessage expected, TimeSpan? within = null)
    {
        TMessage message = await ExpectAsync(within);
        if (!EqualityComparer<TMessage>.Default.Equals(message, expected))
            throw new ExpectationException($"{Ref.Path} was sent {message} where {expected} was expected.");
    }

    /// <summary>The first message that matches, whatever comes before it and stays to be expected.</summary>
    /// <exception cref="ExpectationException">None came in time.</exception>
    public Task<TMessage> FindAsync(Func<TMessage, bool> matches, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(matches);
        return _arrivals.FindAsync(matches, within ?? DefaultPatience);
    }

    /// <summary>Nothing comes for so long, and nothing is there.</summary>
    /// <exception cref="ExpectationException">Something was or came.</exception>
    public Task ExpectNoMessageAsync(TimeSpan? during = null) => _arrivals.ExpectNoneAsync(during ?? DefaultPatience);

    private sealed class Recorder(TestProbe<TMessage> probe) : Actor<TMessage>
    {
        protected override ValueTask ReceiveAsync(TMessage message)
        {
            probe._arrivals.Add(message);
            probe._response?.Invoke(message);
            return default;
        }
    }
}
