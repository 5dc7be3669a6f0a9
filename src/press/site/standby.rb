# frozen_string_literal: true

# Loads Jekyll, and makes a site for each line that tells, as JSON, how, and what of it stands.

ANSWERS = $stdout.dup
ANSWERS.sync = true
$stdout.reopen($stderr) # what gems say while they are loaded is no answer

require "English"
require "jekyll"
require "json"
require_relative "standing"

# A fork for each line, so that all of them find what the first one finds.
def fork_of(asked)
  said, tells = IO.pipe
  child = fork do
    [said, ANSWERS].each(&:close)
    end_with_press
    [$stdout, $stderr].each { |stream| stream.reopen(tells) }
    Dir.chdir(asked["folder"])
    ENV.update(asked["environment"])
    ARGV.replace(asked["arguments"])
    Standing.begin(**asked["known"].transform_keys(&:to_sym)) unless asked["known"].empty?
    load Gem.bin_path("jekyll", "jekyll")
  end
  tells.close
  log = said.read.force_encoding(Encoding::UTF_8).scrub
  Process.wait(child)
  { "code" => $CHILD_STATUS.exitstatus || 128 + $CHILD_STATUS.termsig, "said" => log }
end

# While it waits for the answer press asks nothing, so that nothing but its end can be read.
def end_with_press
  press = $stdin.dup
  $stdin.reopen(File::NULL)
  Thread.new do
    press.read
    exit!(1)
  end
end

Jekyll::PluginManager.require_from_bundler
$stdin.each_line { |line| ANSWERS.puts JSON.generate(fork_of(JSON.parse(line))) }
