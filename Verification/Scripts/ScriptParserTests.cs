namespace Troupe.Verification.Scripts;

/// <summary>What is no script says where and what would be right; what the host did not do says what came instead.</summary>
public sealed class ScriptParserTests
{
    [Theory]
    [InlineData("listen 80", 1, 1, "names what is checked")]
    [InlineData("# RFC 793 1: x.", 1, 1, "Nothing happens")]
    [InlineData("# RFC 793 1: x.\nlisen 80", 2, 1, "is no call")]
    [InlineData("# RFC 793 1: x.\nlisten", 2, 1, "needs a word behind it")]
    [InlineData("# RFC 793 1: x.\nlisten 80 81", 2, 11, "is no word of 'listen'")]
    [InlineData("# RFC 793 1: x.\n< syn sequence=5", 2, 7, "'sequence' is no word")]
    [InlineData("# RFC 793 1: x.\n> syn aks=5", 2, 7, "'aks' is no word")]
    [InlineData("# RFC 793 1: x.\n+5 < syn", 2, 1, "is no time")]
    [InlineData("# RFC 793 1: x.\n+5s~x < syn", 2, 1, "is no time")]
    [InlineData("# RFC 793 1: x.\nrepeat < syn", 2, 1, "needs how often")]
    [InlineData("# RFC 793 1: x.\n<", 2, 1, "stands a packet")]
    [InlineData("# RFC 793 1: x.\naccept -> none -> ok", 2, 8, "stands one word")]
    [InlineData("# RFC 793 1: x.\nclose -> ok", 2, 10, "nothing that could be expected")]
    [InlineData("# RFC 793 1: x.\nlisten 80\nhost dhcp", 3, 1, "stands before")]
    public void AMalformedScriptSaysWhere(string text, int line, int column, string message)
    {
        ScriptException exception = Assert.Throws<ScriptException>(() => ScriptParser.Parse("x.script", text));
        Assert.Equal((line, column), (exception.Line, exception.Column));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("< syn", 1, "To which port?")]
    [InlineData("listen x", 8, "no whole number")]
    [InlineData("close", 1, "no connection yet")]
    [InlineData("counter TPC.sent=1", 9, "the layers are")]
    [InlineData("< icmp", 3, "What message?")]
    [InlineData("< icmp echo src=10.0.0", 13, "is no address")]
    public void AValueThatIsNoneSaysWhere(string line, int column, string message)
    {
        ScriptException exception = Assert.Throws<ScriptException>(() => ProtocolScriptTests.Run(ScriptParser.Parse("x.script", "# RFC 793 1: x.\n" + line), 1));
        Assert.Equal((2, column), (exception.Line, exception.Column));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("listen 80\n< syn\n> syn ack=2", 4, "ack=1, not 2")]
    [InlineData("listen 80\n< syn\n> syn ack=1 mss=1400", 4, "mss=1460, not 1400")]
    [InlineData("listen 80\n< syn\n> syn ack=1 sackok", 4, "sackok is missing")]
    [InlineData("listen 80\n< syn\n> ack=1", 4, "flags are")]
    [InlineData("listen 80\n< syn\n+1s > syn ack=1", 4, "expected at")]
    [InlineData("listen 80\n< syn\n> syn ack=1\n> syn ack=1", 5, "nothing came")]
    [InlineData("listen 80\n< syn\naccept -> none\nnothing 1s", 5, "no line expects")]
    [InlineData("listen 80\n< syn", 3, "one packet more")]
    [InlineData("listen 80\naccept", 3, "'none', not with 'ok'")]
    [InlineData("< syn to=80\n> rst ack=1\nstate established", 4, "it is gone")]
    [InlineData("counter TCP.received=1", 2, "received=0, not 1")]
    public void AHostThatDoesOtherwiseFailsTheScript(string text, int line, string message)
    {
        ScriptFailedException exception = Assert.Throws<ScriptFailedException>(() => ProtocolScriptTests.Run(ScriptParser.Parse("x.script", "# RFC 793 1: x.\n" + text), 1));
        Assert.Equal(line, exception.Line);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }
}
