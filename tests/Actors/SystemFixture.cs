using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Troupe.Actors.Tests;

/// <summary>A system of two workers that keeps what it was told of failures and dead letters.</summary>
public abstract class SystemFixture : IAsyncLifetime
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected FakeTimeProvider Clock { get; } = new();

    private protected ConcurrentQueue<ActorFailure> Failures { get; } = new();

    private protected ConcurrentQueue<DeadLetter> DeadLetters { get; } = new();

    private protected ActorSystem System { get; }

    protected SystemFixture()
    {
        System = new ActorSystem(new ActorSystemOptions
        {
            Host = new ThreadWorkerHost(2),
            Time = Clock,
            OnFailure = Failures.Enqueue,
            OnDeadLetter = DeadLetters.Enqueue,
        });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => System.DisposeAsync().AsTask().WaitAsync(Patience);

    /// <summary>Waits for something that another thread is about to make true.</summary>
    private protected static async Task Until(Func<bool> condition)
    {
        DateTime end = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < end, "It did not come true in time.");
            await Task.Delay(1);
        }
    }
}

/// <summary>An actor whose handler is a lambda; the test keeps what it needs in the closure.</summary>
internal sealed class Acting<TMessage>(
    Func<Acting<TMessage>, TMessage, ValueTask> receive,
    Action<Acting<TMessage>>? started = null,
    Action<Acting<TMessage>>? stopped = null) : Actor<TMessage>
{
    public ActorContext<TMessage> It => Context;

    protected override void Started() => started?.Invoke(this);

    protected override void Stopped() => stopped?.Invoke(this);

    protected override ValueTask ReceiveAsync(TMessage message) => receive(this, message);
}
