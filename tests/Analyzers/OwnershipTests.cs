namespace Troupe.Analyzers.Tests;

/// <summary>TRP0003 to TRP0007. Each case is a member of a class that has a pool to rent from and an actor to send to.</summary>
public sealed class OwnershipTests
{
    private const string Surroundings = """
        [Owned]
        public readonly struct Frame : IDisposable, IEquatable<Frame>
        {
            private readonly byte[]? _bytes;
            public Frame(byte[] bytes) => _bytes = bytes;
            [EmptyWhen(true)] public bool IsNone => _bytes is null;
            public int Length => _bytes!.Length;
            public Span<byte> Data => _bytes;
            public void Write(byte value) => _bytes![0] = value;
            public void Dispose() { }
            public bool Equals(Frame other) => _bytes == other._bytes;
            public override bool Equals(object? obj) => false;
            public override int GetHashCode() => 0;
            public static bool operator ==(Frame left, Frame right) => left.Equals(right);
            public static bool operator !=(Frame left, Frame right) => !left.Equals(right);
        }

        [Owned]
        public readonly struct Batch : IDisposable
        {
            private static readonly Queue<Frame> Frames = new();
            [EmptyWhen(true)] public bool IsNone => false;
            public int Count => Frames.Count;
            public Frame this[int index] => Frames.Peek();
            public bool TryAdd([MovesWhen(true)] Frame frame) { if (Frames.Count > 9) return false; Frames.Enqueue(frame); return true; }
            public bool TryTake(out Frame frame) => Frames.TryDequeue(out frame);
            public void Dispose() { }
        }

        [Owned]
        public sealed class Page : IDisposable
        {
            public int Length => 0;
            public void Dispose() { }
        }

        public sealed class Pool
        {
            public bool TryRent(out Frame frame) { frame = new Frame(new byte[4]); return true; }
            public bool TryRentBatch(out Batch batch) { batch = default; return false; }
            public Frame Rent() => new(new byte[4]);
            public ValueTask<Frame> RentAsync() => new(Rent());
            public Page RentPage() => new();
            public Page? FindPage() => null;
            [return: Borrowed] public Frame Current() => Rent();
            public bool TryPeek([Borrowed] out Frame frame) { frame = default; return false; }
        }

        public readonly struct Packet(Frame frame, int port)
        {
            public Frame Frame { get; } = frame;
            public int Port { get; } = port;
            public static Packet Received(Frame frame) => new(frame, 0);
        }

        public sealed record Letter { public Frame Content { get; init; } public int Number { get; init; } }
        """;

    private static string Member(string member) => $$"""
        public sealed class Subject(Pool pool, ActorRef<Packet> actor)
        {
            private readonly Queue<Frame> _queue = new();
            private Frame _field;
            private void Keep(Frame frame) => _queue.Enqueue(frame);
            private static int Look([Borrowed] Frame frame) => frame.Length;
            private static int LookIn(in Frame frame) => frame.Length;
            private static void Replace(ref Frame frame) { frame.Dispose(); frame = default; }
            private bool Random => _queue.Count > 3;
            private void Log(string text) { }
            public void UseAll() { Keep(_field); _field = pool.Rent(); actor.Tell(new(_field, 1)); Log(""); Look(_field); LookIn(_field); Replace(ref _field); }
            {{member}}
        }
        """;

    [Theory]
    // the end of ownership
    [InlineData("void M(Frame frame) => frame.Dispose();")]
    [InlineData("void M(Frame frame) => Keep(frame);")]
    [InlineData("void M(Frame frame) { frame.Write(1); int length = frame.Length; frame.Dispose(); Log(length.ToString()); }")]
    [InlineData("Frame M(Frame frame) => frame;")]
    [InlineData("Frame M() { Frame frame = pool.Rent(); frame.Write(1); return frame; }")]
    [InlineData("void M() { using Frame frame = pool.Rent(); frame.Write(1); }")]
    [InlineData("void M() { using (Frame frame = pool.Rent()) { frame.Write(1); } }")]
    [InlineData("void M(Frame frame) { using (frame) frame.Write(1); }")]
    [InlineData("void M(Frame frame) => _field = frame;")]
    [InlineData("void M(Frame frame, Frame[] ring) => ring[0] = frame;")]
    [InlineData("void M(Page page) => page.Dispose();")]
    [InlineData("void M() { Page? page = pool.FindPage(); page?.Dispose(); }")]
    [InlineData("void M() { Page? page = pool.FindPage(); if (page is null) return; Log(\"\" + page.Length); page.Dispose(); }")]
    [InlineData("void M() { Page? page = pool.FindPage(); if (page != null) page.Dispose(); }")]
    // messages
    [InlineData("void M(Frame frame) => actor.Tell(new Packet(frame, 1));")]
    [InlineData("void M(Frame frame) => actor.Tell(new(frame, frame.Length == 0 ? 1 : 2));")]
    [InlineData("ValueTask M(Frame frame) => actor.TellAsync(Packet.Received(frame));")]
    [InlineData("async Task M(Frame frame) { int port = frame.Length; await actor.TellAsync(new Packet(frame, port)); Log(\"sent\"); }")]
    [InlineData("void M(Frame frame) { if (!actor.TryTell(new Packet(frame, 1))) frame.Dispose(); }")]
    [InlineData("void M(Frame frame) { if (actor.TryTell(Packet.Received(frame))) return; Log(\"full\"); frame.Dispose(); }")]
    [InlineData("void M(Frame frame, ActorRef<Packet>? other) { if (other is not { } known || !known.TryTell(Packet.Received(frame))) frame.Dispose(); }")]
    [InlineData("void M(Frame frame) { bool sent = actor.TryTell(Packet.Received(frame)); Log(sent.ToString()); if (!sent) frame.Dispose(); }")]
    [InlineData("void M(Frame frame) { bool sent = Random && actor.TryTell(Packet.Received(frame)); Log(\"\"); if (!sent) { frame.Dispose(); } }")]
    [InlineData("void M(Frame frame) { var letter = new Letter { Content = frame, Number = 2 }; Log(letter.ToString()); }")]
    [InlineData("void M(Frame frame) { try { actor.Tell(Packet.Received(frame)); } catch (MailboxFullException) { frame.Dispose(); } }")]
    [InlineData("async Task M(Frame frame) { try { await actor.TellAsync(Packet.Received(frame)); } catch (MailboxFullException) { frame.Dispose(); } }")]
    [InlineData("ValueTask<int> M(Frame frame) => actor.AskAsync<Frame, int>(frame, static (owned, reply) => new Packet(owned, 1));")]
    [InlineData("void M(Frame frame) => Pass(frame, frame.Length); void Pass(Frame frame, int length) { Log(\"\" + length); Keep(frame); }")]
    // default values and attributes are no paths of a method
    [InlineData("void M(Frame frame = default, int x = 3) => frame.Dispose();")]
    [InlineData("[System.Diagnostics.CodeAnalysis.SuppressMessage(\"a\", \"b\")] void M(Frame frame) => frame.Dispose();")]
    // what a base says holds for the override
    [InlineData("abstract class B { public abstract int See([Borrowed] Frame f); public abstract bool Try([MovesWhen(true)] in Frame f); } sealed class D : B { public override int See(Frame f) => f.Length; public override bool Try(in Frame f) => f.Length > 0; }")]
    [InlineData("abstract class B { public abstract bool Try([MovesWhen(true)] in Packet p); } void M(B b, Frame frame) { if (!b.Try(new(frame, 1))) frame.Dispose(); }")]
    // collections
    [InlineData("void M(Batch batch) { while (batch.TryTake(out Frame frame)) frame.Dispose(); batch.Dispose(); }")]
    [InlineData("void M(Batch batch, Frame frame) { if (!batch.TryAdd(frame)) frame.Dispose(); batch.Dispose(); }")]
    [InlineData("void M() { while (_queue.TryDequeue(out Frame frame)) { if (Random) { frame.Dispose(); continue; } Keep(frame); } }")]
    [InlineData("void M(Frame frame, Queue<(Frame, int)> queue) => queue.Enqueue((frame, 1));")]
    [InlineData("void M() { if (!pool.TryRent(out Frame frame)) return; frame.Write(2); Keep(frame); }")]
    [InlineData("bool M(out Frame frame) => pool.TryRent(out frame);")]
    [InlineData("bool M(out Frame frame) { if (Random) { frame = default; return false; } frame = pool.Rent(); return true; }")]
    [InlineData("int M(Batch batch) { int sum = 0; for (int i = 0; i < batch.Count; i++) { Frame frame = batch[i]; sum += frame.Length; } batch.Dispose(); return sum; }")]
    [InlineData("void M(List<Frame> frames) { foreach (Frame frame in frames) frame.Dispose(); frames.Clear(); }")]
    [InlineData("void M(Frame[] ring) { Frame frame = ring[0]; ring[0] = default; Keep(frame); }")]
    // new values for old variables
    [InlineData("void M(Frame frame) { Keep(frame); frame = pool.Rent(); frame.Dispose(); }")]
    [InlineData("void M() { Frame frame = default; if (Random) frame = pool.Rent(); frame.Dispose(); }")]
    [InlineData("void M() { Frame frame = default; if (Random) frame = pool.Rent(); if (!frame.IsNone) Keep(frame); }")]
    [InlineData("void M(Frame frame) { if (Random) { Frame copy = pool.Rent(); frame.Dispose(); frame = copy; } Keep(frame); }")]
    [InlineData("void M(Batch frames) { Batch batch = default; while (frames.TryTake(out Frame frame)) { if (batch.IsNone && !pool.TryRentBatch(out batch)) { frame.Dispose(); continue; } if (!batch.TryAdd(frame)) frame.Dispose(); } frames.Dispose(); batch.Dispose(); }")]
    [InlineData("void M() { Frame frame = _field; _field = default; Keep(frame); }")]
    [InlineData("void M() { Frame frame = pool.Rent(); Frame other = frame; other.Dispose(); }")]
    [InlineData("void M(bool a) { Frame frame = a ? pool.Rent() : default; frame.Dispose(); }")]
    [InlineData("void M() { Frame frame = pool.Rent(); Replace(ref frame); frame.Dispose(); }")]
    // lending
    [InlineData("int M(Frame frame) { int sum = Look(frame) + Look(frame) + LookIn(frame) + LookIn(in frame); frame.Dispose(); return sum; }")]
    [InlineData("int M([Borrowed] Frame frame) => frame.Length;")]
    [InlineData("int M(in Frame frame) => Look(frame);")]
    [InlineData("bool M(Frame frame, Frame other) { bool same = frame == other || frame.Equals(other); frame.Dispose(); other.Dispose(); return same; }")]
    [InlineData("int M() { Frame frame = pool.Current(); return frame.Length; }")]
    [InlineData("void M() { while (pool.TryPeek(out Frame frame)) Log(\"\" + frame.Length); }")]
    [InlineData("int M(Packet packet) => packet.Frame.Length;")]
    [InlineData("void M(Page page) { ArgumentNullException.ThrowIfNull(page); page.Dispose(); }")]
    // branches and loops
    [InlineData("void M(Frame frame) { if (Random) Keep(frame); else frame.Dispose(); }")]
    [InlineData("void M(Frame frame, int x) { switch (x) { case 1: Keep(frame); break; case 2: case 3: actor.Tell(new(frame, 1)); return; default: frame.Dispose(); break; } }")]
    [InlineData("void M(Frame frame) { for (int i = 0; i < 3; i++) frame.Write((byte)i); frame.Dispose(); }")]
    [InlineData("void M() { for (int i = 0; i < 3; i++) { Frame frame = pool.Rent(); Keep(frame); } }")]
    [InlineData("void M(Frame frame) { while (true) { if (Random) { frame.Dispose(); break; } frame.Write(1); } }")]
    [InlineData("void M(Frame frame, int x) { Frame kept = x switch { 1 => frame, 2 => frame, _ => frame }; kept.Dispose(); }")]
    // exceptions
    [InlineData("void M(Frame frame) { try { frame.Write(1); } finally { frame.Dispose(); } }")]
    [InlineData("void M(Frame frame) { if (frame.Length == 0) throw new ArgumentException(\"empty\"); Keep(frame); }")]
    [InlineData("void M() { Batch batch = default; try { while (Random) { if (batch.IsNone && !pool.TryRentBatch(out batch)) return; } } finally { batch.Dispose(); } }")]
    [InlineData("void M() { Frame frame = pool.Rent(); try { frame.Write(1); Keep(frame); frame = default; } finally { frame.Dispose(); } }")]
    [InlineData("void M() { Frame frame = pool.Rent(); try { Log(\"\"); } catch (IOException) { frame.Dispose(); throw; } Keep(frame); }")]
    [InlineData("void M(Frame frame) { lock (_queue) { _queue.Enqueue(frame); } }")]
    [InlineData("void M() { Frame frame = pool.Rent(); if (Random) { frame.Dispose(); throw new InvalidOperationException(); } Keep(frame); }")]
    [InlineData("void M(Frame frame) { try { try { Log(\"\"); } finally { Log(\"\"); } } catch { frame.Dispose(); return; } Keep(frame); }")]
    [InlineData("void M() { if (!pool.TryRent(out Frame frame)) return; try { Keep(frame); } catch (Exception failure) when (failure is IOException) { frame.Dispose(); } }")]
    [InlineData("async Task M() { using Frame frame = await pool.RentAsync(); if (frame.Length == 0) return; await Task.Yield(); foreach (byte b in new byte[2]) frame.Write(b); }")]
    // await
    [InlineData("async Task M() { Frame frame = await pool.RentAsync(); await Task.Yield(); frame.Write(1); await actor.TellAsync(new(frame, 1)); }")]
    [InlineData("async Task M(Frame frame) { await Task.Delay(1); frame.Dispose(); }")]
    [InlineData("async IAsyncEnumerable<Frame> M() { while (pool.TryRent(out Frame frame)) { await Task.Yield(); yield return frame; } }")]
    // functions
    [InlineData("Action<Frame> M() => static frame => frame.Dispose();")]
    [InlineData("Func<Frame, int> M() => static frame => frame.Length;")]
    [InlineData("void M(Frame frame) { End(frame); static void End(Frame ended) => ended.Dispose(); }")]
    // what a signature promises
    [InlineData("bool M([MovesWhen(true)] Frame frame) { if (Random) return false; Keep(frame); return true; }")]
    [InlineData("bool M([MovesWhen(true)] Frame frame) => actor.TryTell(Packet.Received(frame));")]
    [InlineData("bool M([MovesWhen(false)] Frame frame) { if (frame.Length > 3) return true; frame.Dispose(); return false; }")]
    [InlineData("bool M([MovesWhen(true)] Frame frame) { bool kept = Random && actor.TryTell(Packet.Received(frame)); Log(\"\"); return kept; }")]
    public Task Clean(string member) => new Case(Member(member), "TRP0003", Surroundings).VerifyAsync();

    [Theory]
    // after the move
    [InlineData("void M(Frame frame) { frame.Dispose(); [|frame|].Write(1); }")]
    [InlineData("void M(Frame frame) { Keep(frame); Log(\"\" + [|frame|].Length); }")]
    [InlineData("void M(Frame frame) { Keep(frame); Keep([|frame|]); }")]
    [InlineData("void M(Frame frame) => Two(frame, [|frame|]); void Two(Frame a, Frame b) { a.Dispose(); b.Dispose(); }")]
    [InlineData("void M(Frame frame) => Pass(Ends(frame), [|frame|].Length); int Ends(Frame frame) { frame.Dispose(); return 1; } void Pass(int a, int b) { }")]
    [InlineData("void M(Frame frame) { frame.Dispose(); [|frame.Dispose()|]; }")]
    [InlineData("Frame M(Frame frame) { Keep(frame); return [|frame|]; }")]
    [InlineData("void M(Frame frame) { _field = frame; [|frame|].Write(1); }")]
    [InlineData("void M(Frame frame) { using ([|frame|]) { Keep(frame); } }")]
    [InlineData("void M(Page page) { page.Dispose(); Log(\"\" + [|page|].Length); }")]
    [InlineData("void M(Frame frame, Frame[] ring) { ring[0] = frame; Look([|frame|]); }")]
    [InlineData("void M(Frame frame) { Keep(frame); if ([|frame|].IsNone) Log(\"\"); }")]
    [InlineData("void M(Frame frame) { Keep(frame); Replace(ref [|frame|]); }")]
    // after a message took it
    [InlineData("void M(Frame frame) { actor.Tell(new Packet(frame, 1)); [|frame|].Write(1); }")]
    [InlineData("void M(Frame frame) { actor.Tell(Packet.Received(frame)); [|frame.Dispose()|]; }")]
    [InlineData("async Task M(Frame frame) { await actor.TellAsync(Packet.Received(frame)); Log(\"\" + [|frame|].Length); }")]
    [InlineData("async Task M(Frame frame) { ValueTask sending = actor.TellAsync(Packet.Received(frame)); [|frame|].Write(1); await sending; }")]
    [InlineData("void M(Frame frame) { if (actor.TryTell(Packet.Received(frame))) Log(\"\" + [|frame|].Length); else frame.Dispose(); }")]
    [InlineData("void M(Frame frame) { bool sent = actor.TryTell(Packet.Received(frame)); if (sent) [|frame.Dispose()|]; else frame.Dispose(); }")]
    [InlineData("void M(Frame frame) { var letter = new Letter { Content = frame }; Look([|frame|]); Log(letter.ToString()); }")]
    [InlineData("async Task M(Frame frame) { int x = await actor.AskAsync<Frame, int>(frame, static (owned, reply) => new Packet(owned, 1)); Look([|frame|]); }")]
    [InlineData("void M(Frame frame, Queue<(Frame, int)> queue) { queue.Enqueue((frame, 1)); [|frame|].Write(1); }")]
    // two variables, one value
    [InlineData("void M(Frame frame) { Frame other = frame; [|frame|].Write(1); other.Dispose(); }")]
    [InlineData("void M(Frame frame) { Frame other = frame; other.Dispose(); [|frame.Dispose()|]; }")]
    [InlineData("void M() { Frame frame = _field; Keep(frame); [|frame|].Write(1); }")]
    // branches
    [InlineData("void M(Frame frame) { if (Random) Keep(frame); [|frame.Dispose()|]; }")]
    [InlineData("void M(Frame frame, int x) { switch (x) { case 1: Keep(frame); break; default: break; } [|frame.Dispose()|]; }")]
    [InlineData("void M(Frame frame) { _ = Random ? Look(frame) : Consume(frame); [|frame.Dispose()|]; } int Consume(Frame frame) { frame.Dispose(); return 1; }")]
    [InlineData("void M(Frame frame, Batch batch) { if (batch.TryAdd(frame)) Look([|frame|]); else frame.Dispose(); batch.Dispose(); }")]
    [InlineData("void M(Frame frame) { if (Random || Ends(frame)) Look([|frame|]); else Log(\"\"); } bool Ends(Frame frame) { frame.Dispose(); return true; }", "TRP0004 is not asked here")]
    // loops
    [InlineData("void M(Frame frame) { for (int i = 0; i < 3; i++) Keep([|frame|]); }", "and with no turn of the loop it leaks")]
    [InlineData("void M(Frame frame) { while (true) { [|frame|].Write(1); if (Random) Keep(frame); } }", "endless")]
    [InlineData("void M(Frame frame) { do { Keep([|frame|]); } while (Random); }")]
    // exceptions
    [InlineData("void M(Frame frame) { try { Keep(frame); Log(\"\"); } catch (IOException) { [|frame.Dispose()|]; } }")]
    [InlineData("void M(Frame frame) { try { Keep(frame); } finally { [|frame.Dispose()|]; } }")]
    [InlineData("async Task M(Frame frame) { try { await actor.TellAsync(Packet.Received(frame)); Log(\"\"); } catch (IOException) { [|frame.Dispose()|]; } }")]
    // await
    [InlineData("async Task M(Frame frame) { Keep(frame); await Task.Yield(); [|frame|].Write(1); }")]
    [InlineData("async Task M(Frame frame) { await Task.Yield(); if (Random) { Keep(frame); await Task.Yield(); } [|frame.Dispose()|]; }")]
    public Task UsedAfterMove(string member, string? why = null) => new Case(Member(Expect(member, why)), "TRP0003", Surroundings).VerifyAsync();

    [Theory]
    // nobody took it
    [InlineData("void M(Frame [|frame|]) { }")]
    [InlineData("void M(Frame [|frame|]) => frame.Write(1);")]
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); frame.Write(1); }")]
    [InlineData("void M() { var [|frame|] = new Frame(new byte[3]); frame.Write(1); }")]
    [InlineData("void M(Page [|page|]) => Log(\"\" + page.Length);")]
    [InlineData("int M(Frame [|frame|]) => Look(frame) + LookIn(frame);")]
    [InlineData("async Task M() { Frame [|frame|] = await pool.RentAsync(); frame.Write(1); }")]
    [InlineData("void M(Batch [|batch|]) { while (batch.TryTake(out Frame frame)) frame.Dispose(); }")]
    // on some path
    [InlineData("void M(Frame [|frame|]) { if (Random) Keep(frame); }")]
    [InlineData("void M(Frame [|frame|]) { if (Random) return; frame.Dispose(); }")]
    [InlineData("void M(Frame [|frame|], int x) { switch (x) { case 1: Keep(frame); break; case 2: break; default: frame.Dispose(); break; } }")]
    [InlineData("void M(Frame [|frame|]) => actor.TryTell(Packet.Received(frame));")]
    [InlineData("void M(Frame [|frame|]) { if (!actor.TryTell(Packet.Received(frame))) Log(\"full\"); }")]
    [InlineData("void M(Frame [|frame|]) { bool sent = actor.TryTell(Packet.Received(frame)); if (sent) return; }")]
    [InlineData("void M(Batch batch, Frame [|frame|]) { batch.TryAdd(frame); batch.Dispose(); }")]
    [InlineData("void M() { if (pool.TryRent(out Frame [|frame|])) Log(\"\" + frame.Length); }")]
    [InlineData("void M() { Frame frame = default; if (Random) [|frame|] = pool.Rent(); if (frame.IsNone) Log(\"none\"); }")]
    [InlineData("void M() { Page? [|page|] = pool.FindPage(); if (page is null) return; Log(\"\" + page.Length); }")]
    // in a loop
    [InlineData("void M(Batch batch) { while (batch.TryTake(out Frame [|frame|])) { if (frame.Length == 0) continue; Keep(frame); } batch.Dispose(); }")]
    [InlineData("void M() { for (int i = 0; i < 3; i++) { Frame [|frame|] = pool.Rent(); frame.Write(1); } }")]
    [InlineData("void M() { while (true) { Frame [|frame|] = pool.Rent(); if (Random) break; Keep(frame); } }")]
    // overwritten
    [InlineData("void M(Frame [|frame|]) { frame = pool.Rent(); frame.Dispose(); }")]
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); frame = default; }")]
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); pool.TryRent(out frame); frame.Dispose(); }")]
    // exceptions
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); if (Random) throw new InvalidOperationException(); Keep(frame); }")]
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); try { Log(\"\"); Keep(frame); } catch (IOException) { Log(\"\"); } }")]
    [InlineData("void M(Frame [|frame|]) { try { Log(\"\"); } catch (IOException) { return; } frame.Dispose(); }")]
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); try { Log(\"\"); } finally { Log(\"\"); } }")]
    [InlineData("void M() { Frame [|frame|] = pool.Rent(); try { try { Log(\"\"); Keep(frame); } finally { Log(\"\"); } } catch (IOException) { } }")]
    // functions
    [InlineData("void M() { Run(); void Run() { Frame [|frame|] = pool.Rent(); frame.Write(1); } }")]
    [InlineData("Action M() => () => { Frame [|frame|] = pool.Rent(); frame.Write(1); };")]
    // what a signature promises
    [InlineData("bool M([MovesWhen(true)] Frame [|frame|]) { if (Random) return false; return true; }")]
    [InlineData("bool M([MovesWhen(false)] Frame [|frame|]) { if (Random) return true; return false; }")]
    public Task NeitherMovedNorDisposed(string member) => new Case(Member(member), "TRP0004", Surroundings).VerifyAsync();

    [Theory]
    // boxed
    [InlineData("object M(Frame frame) => [|TRP0005 frame|];")]
    [InlineData("void M(Frame frame) { IDisposable hidden = [|TRP0005 frame|]; hidden.Dispose(); }")]
    [InlineData("void M(Page page) { IDisposable hidden = [|TRP0005 page|]; hidden.Dispose(); }")]
    [InlineData("void M(Frame frame, List<object> list) => list.Add([|TRP0005 frame|]);")]
    // captured
    [InlineData("Action M(Frame frame) => () => [|TRP0006 frame|].Dispose();")]
    [InlineData("void M(Frame frame) { End(); void End() => [|TRP0006 frame|].Dispose(); }")]
    [InlineData("Action M() { Page page = pool.RentPage(); return () => [|TRP0006 page|].Dispose(); }")]
    [InlineData("Func<int> M(Frame frame) => () => Nested() + 1; int Nested() => 0;", "TRP0004")]
    // moved although the caller keeps it
    [InlineData("bool M([MovesWhen(true)] Frame frame) { Keep([|TRP0007 frame|]); return false; }")]
    [InlineData("bool M([MovesWhen(true)] Frame frame) { if (Random) { [|TRP0007 frame.Dispose()|]; return false; } Keep(frame); return true; }")]
    [InlineData("bool M([MovesWhen(false)] Frame frame) { Keep([|TRP0007 frame|]); return true; }")]
    [InlineData("void M([Borrowed] Frame frame) => Keep([|TRP0007 frame|]);")]
    [InlineData("void M(in Frame frame) => [|TRP0007 frame.Dispose()|];")]
    public Task HiddenOrAgainstTheContract(string member, string? why = null) => new Case(Member(Expect(member, why)), "TRP0003", Surroundings).VerifyAsync();

    // Cases about one rule that break a second on the way: the parameter is not given away on every path.
    private static string Expect(string member, string? why) => why is null || why == "endless" ? member : member.Replace("M(Frame frame)", "M(Frame [|TRP0004 frame|])", StringComparison.Ordinal);

    [Fact]
    public Task ManyIndependentFlagsDoNotMakeAMethodTooLargeToFollow()
    {
        string flags = string.Concat(Enumerable.Range(0, 20).Select(number => $"bool f{number} = false; if (Random) f{number} = true; if (f{number}) Log(\"\"); "));
        return new Case(Member("void M(Frame frame) { " + flags + "Keep(frame); Look([|frame|]); }"), "TRP0003", Surroundings).VerifyAsync();
    }
}
